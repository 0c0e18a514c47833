"""Runs `nbx bulk` processes that a test kills and restarts, and checks their output in between."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.support.bulk_server import BulkServer
from tests.support.rows import complete_records

ROWS = 500
CONCURRENCY = 16
GROUP = 4  # prompts per request of a ScoreJob
SETTLING = 0.06  # about how many seconds the process runs on after the last answer
SERVER = ("--delay", "0.02", "--jitter", "0.9")
FLAGS = ("--concurrency", str(CONCURRENCY))


@dataclass
class Job:
    """One input and its output; each run resumes where the previous one was killed."""

    folder: Path
    server: BulkServer
    environ: Mapping[str, str]
    rows: int = ROWS
    known: set[str] = field(default_factory=set)  # rows that an earlier run has answered
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.source, self.target = self.folder / "rows.jsonl", self.folder / "answers.jsonl"
        self.prompts = {f"id-{index}": f"This is row {index}: " for index in range(self.rows)}
        self._write(self.source, self.prompts)

    def _write(self, path: Path, prompts: Mapping[str, str]) -> None:
        lines = [json.dumps({"id": name, "prompt": prompt}) for name, prompt in prompts.items()]
        path.write_text("\n".join(lines) + "\n", "utf-8")

    @property
    def command(self) -> list[str]:
        """The command line, without the flags of every job."""
        return ["bulk", str(self.source), "-o", str(self.target), "--max-tokens", "8"]

    def sent_for(self, name: str) -> list[str]:
        """Return the prompts that are sent for a row."""
        return [self.prompts[name]]

    def check_record(self, record: dict[str, Any]) -> None:
        """Check the answer in a record."""
        (choice,) = record["response"]["choices"]
        assert choice["text"] == " " + self.prompts[record["id"]], record

    def start(self, *flags: str) -> subprocess.Popen[bytes]:
        """Start a run."""
        words = [*self.command, *FLAGS, *self.flags, *flags]
        return subprocess.Popen(
            [sys.executable, "-m", "nebius_cli", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=dict(self.environ),
        )

    def life(self) -> float:
        """Run without interruption; return how long it took, in seconds."""
        began = time.monotonic()
        process = self.start()
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err.decode()
        return time.monotonic() - began

    def records(self) -> list[Any]:
        """Return the records whose lines are complete."""
        return complete_records(self.target)

    def answered(self) -> Counter[str]:
        """Return how many answers each row has in the output."""
        return Counter(record["id"] for record in self.records() if record["error"] is None)

    def check_stop(self, sent: Counter[str]) -> None:
        """Check after an interrupted run: no answers are lost, and no answered row was sent again."""
        answered = self.answered()
        assert self.known <= answered.keys(), "answers are lost"
        assert max(answered.values(), default=1) == 1, "a row is answered twice"
        again = (self.server.sent() - sent).keys()
        known = {prompt for name in self.known for prompt in self.sent_for(name)}
        assert not known & again, "what had its answer was sent again"
        self.known = set(answered)

    def check_end(self) -> None:
        """Check after the last run: each row has exactly one record, with its own answer."""
        assert self.target.read_bytes().endswith(b"\n")
        records = self.records()
        names = Counter(record["id"] for record in records)
        assert not self.prompts.keys() - names.keys(), "rows have no record"
        assert names.total() == len(self.prompts), "there are more records than rows"
        for record in records:
            assert record["error"] is None, record
            self.check_record(record)

    def doubled(self) -> int:
        """Return how many surplus prompts were sent."""
        return self.server.sent().total() - sum(len(self.sent_for(name)) for name in self.prompts)


class MatrixJob(Job):
    """Two input files; each row is sent in four combinations, and `rows` is the number of requests."""

    def __post_init__(self) -> None:
        super().__post_init__()
        own = dict(list(self.prompts.items())[: self.rows // 4])
        halves = [dict(list(own.items())[place::2]) for place in (0, 1)]
        more = self.folder / "more.jsonl"
        self._write(self.source, halves[0])
        self._write(more, halves[1])
        self.flags = (str(more), "--matrix", "temperature=0,1", "--matrix", "top_p=0.5,1")
        self.prompts = {
            f"{name}[temperature={t},top_p={p}]": prompt
            for name, prompt in own.items()
            for t in (0, 1)
            for p in (0.5, 1)
        }

    def check_stop(self, sent: Counter[str]) -> None:
        """Check after an interrupted run. The server's log does not tell the combinations of a row apart."""
        answered = self.answered()
        assert self.known <= answered.keys(), "answers are lost"
        assert max(answered.values(), default=1) == 1, "a row is answered twice"
        again = self.server.sent() - sent
        left = Counter(self.prompts.values()) - Counter(self.prompts[name] for name in self.known)
        assert again <= left, "what had its answer was sent again"
        self.known = set(answered)


class ScoreJob(Job):
    """A job of `nbx score`: every fourth row is a question; its first choice is correct and most likely."""

    CHOICES = (" yes", " no, never", " perhaps not")
    TEXT = " and its text"

    def _write(self, path: Path, prompts: Mapping[str, str]) -> None:
        with path.open("w", encoding="utf-8") as file:
            for name, context in prompts.items():
                row = {"choices": self.CHOICES, "gold": 0} if self._is_question(name) else {"text": self.TEXT}
                file.write(json.dumps({"id": name, "context": context, **row}) + "\n")

    def _is_question(self, name: str) -> bool:
        return int(name.removeprefix("id-")) % 4 == 0

    @property
    def command(self) -> list[str]:
        """The command line, without the flags of every job."""
        return ["score", "--jsonl", str(self.source), "-o", str(self.target), "--group", str(GROUP)]

    def sent_for(self, name: str) -> list[str]:
        """Return the prompts that are sent for a row."""
        texts = self.CHOICES if self._is_question(name) else (self.TEXT,)
        return [self.prompts[name] + text for text in texts]

    def check_record(self, record: dict[str, Any]) -> None:
        """Check the score in a record. The server scores a token -1/4 per character."""
        if not self._is_question(record["id"]):
            assert record["log_likelihood"] == self.score_of(self.TEXT), record
            return
        totals = [choice["log_likelihood"] for choice in record["choices"]]
        assert totals == [self.score_of(text) for text in self.CHOICES], record
        assert (record["winners"]["total"], record["acc"]) == (0, 1), record

    def score_of(self, text: str) -> float:
        """Return the score of a text. Its first token includes the space at the end of the context."""
        return -(len(text) + 1) / 4


def moment(rng: Random, process: subprocess.Popen[bytes], job: Job, life: float) -> str:
    """Wait for a random moment to kill a run; return its phase, '' if it has already ended by itself.

    A third of the moments lie anywhere in a run's duration, a third between two requests, and a third right
    after the last answer, while the output is being sorted.
    """
    kind = rng.choice(("any", "between", "late"))
    sent = job.server.count()
    goal = sent + rng.randrange(1, max(2, job.rows - len(job.known)))
    until = time.monotonic() + rng.random() * life
    while process.poll() is None:
        if kind == "late" and job.target.exists() and job.target.read_bytes().count(b"\n") >= job.rows:
            kind, until = "any", time.monotonic() + rng.random() * SETTLING
        if (kind == "between" and job.server.count() >= goal) or (
            kind == "any" and time.monotonic() >= until
        ):
            break
        time.sleep(0.001)
    if process.poll() is not None:
        return ""
    if len(job.answered()) == job.rows:
        return "end"
    return "start" if job.server.count() == sent else "middle"
