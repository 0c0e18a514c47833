"""Untrusted text in rows, answers, the ledger and names cannot control the terminal, in any command.

The commands run in this process with streams that claim to be a terminal; an emulator interprets the output.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sessions.conftest import Open
from tests.support.answers import answer, failure, row, write
from tests.support.control_sequences import EVIL, Seen, check_unmoved
from tests.support.echo import choice, echoed
from tests.support.ledger import entry, keep, text
from tests.support.logprobs import TokenSpec, frame
from tests.support.rows import completion, refuse
from tests.support.run import Runner
from tests.support.server import FakeServer, Reply, detail, head, status

# A file name can contain any byte but "/" and NUL, and need not be valid text.
NAME = f"{EVIL}-\udcff"
ROWS: dict[str, bytes] = {
    "jsonl": json.dumps({"id": EVIL, "prompt": EVIL, "user": EVIL}).encode() + b"\n",
    "twice": (json.dumps({"id": EVIL, "prompt": EVIL}).encode() + b"\n") * 2,
    "wrong": json.dumps({"id": EVIL, "prompt": EVIL, EVIL: EVIL}).encode() + b"\n",
    "model": json.dumps({"id": EVIL, "prompt": EVIL, "model": EVIL}).encode() + b"\n",
    "none": b'{"id": "\x1b]0;owned\x07", \xff\n',
    "csv": f'"{EVIL}",prompt\r\n"{EVIL}","{EVIL}"\r\n'.encode(),
}
FOUND = [(EVIL, None), (" b", -1.5), (EVIL, -0.5)]
TOLD: tuple[TokenSpec, ...] = ((EVIL, 0.5, {EVIL: 0.25, f"{EVIL}x": 0.125}), (" b", 0.25, {EVIL[:9]: 0.5}))
ANSWERED = [completion([EVIL])]
BULK = ("bulk", "rows", "--format", "jsonl", "--retries", "0")
# The arguments, the rows, and the reply of the server; NAME is a file with the rows.
BULKS: dict[str, tuple[tuple[str, ...], str, Reply]] = {
    "answers": (BULK, "jsonl", ANSWERED),
    "answers in a file": ((*BULK, "-o", f"{NAME}.out"), "jsonl", ANSWERED),
    "rows that fail": ((*BULK, "-o", "a.jsonl"), "jsonl", refuse(400, EVIL)),
    "a run that ends": ((*BULK, "-o", "a.jsonl", "--user", EVIL), "jsonl", detail(401, EVIL)),
    "an invalid reply": ((*BULK, "-o", "a.jsonl"), "jsonl", [head(200, EVIL[:4]), EVIL.encode()]),
    "the same id twice": ((*BULK, "-o", "a.jsonl"), "twice", []),
    "an unknown member": (BULK, "wrong", []),
    "an unknown member that is skipped": ((*BULK, "-o", "a.jsonl", "--on-bad-row", "skip"), "wrong", []),
    "invalid JSON": (("bulk", NAME, "--format", "jsonl"), "none", []),
    "a file name without a format": (("bulk", NAME), "jsonl", []),
    "an invalid format": (("bulk", "rows", "--format", EVIL), "jsonl", []),
    "an invalid shard": ((*BULK, "--shard", EVIL), "jsonl", []),
    "an unknown column": (
        ("bulk", "rows", "--format", "csv", "--template", f"{{{EVIL}x}}"),
        "csv",
        [],
    ),
    "a column": (
        ("bulk", "rows", "--format", "csv", "--template", f"{{{EVIL}}}", "--dry-run"),
        "csv",
        [],
    ),
    "an invalid template": (("bulk", "rows", "--format", "csv", "--template", f"{EVIL}}}{{"), "csv", []),
    "the first row": ((*BULK, "--dry-run"), "jsonl", []),
    "an estimate": ((*BULK, "--estimate"), "model", refuse(500, EVIL)),
    "an estimate as json": ((*BULK, "--estimate", "--json"), "model", refuse(500, EVIL)),
    "an unknown price": ((*BULK, "--max-cost", "1", "-m", EVIL), "jsonl", refuse(404, EVIL)),
    "an invalid price": ((*BULK, "--price", EVIL), "jsonl", []),
    "an output that cannot be written": ((*BULK, "-o", f"{NAME}/x"), "jsonl", []),
    "a summary that cannot be written": ((*BULK, "--summary", f"{NAME}/x"), "jsonl", []),
}
SAVED: dict[str, tuple[str, ...]] = {
    "heat": ("view", NAME),
    "table": ("view", NAME, "--view", "table"),
    "a heat map that cannot be written": ("view", NAME, "--export", f"{NAME}/x.svg"),
    "a view of a missing file": ("view", f"{NAME}x"),
    "an unknown view": ("view", NAME, "--view", EVIL),
    "merge": ("bulk", "merge", NAME),
    "merge with gaps": ("bulk", "merge", NAME, NAME, "-o", "out"),
    "merge by an input": ("bulk", "merge", NAME, "--input", f"{NAME}.jsonl"),
    "merge into itself": ("bulk", "merge", NAME, "-o", NAME),
    "merge of a missing file": ("bulk", "merge", f"{NAME}x"),
    "texts": ("bulk", "export", NAME, "--text"),
    "a table of texts": ("bulk", "export", NAME, "--csv"),
    "texts of a missing file": ("bulk", "export", f"{NAME}x", "--text"),
    "a resume with another input": ("bulk", f"{NAME}.jsonl", "-o", f"{NAME}.failed.jsonl"),
}
LEDGER: dict[str, tuple[str, ...]] = {
    "usage by model": ("usage", "--by", "model", "--since", "all"),
    "usage by profile": ("usage", "--by", "profile", "--since", "all"),
    "usage by run": ("usage", "--by", "run", "--since", "all"),
    "usage as json": ("usage", "--by", "run", "--since", "all", "--json"),
    "usage by an unknown column": ("usage", "--by", EVIL),
    "usage since an invalid time": ("usage", "--since", EVIL),
    "a path": ("usage", "path"),
    "a plot": ("usage", "plot", "--since", "all"),
    "a plot of an unknown value": ("usage", "plot", "--of", EVIL),
    "a plot that cannot be written": ("usage", "plot", "--since", "all", "--export", f"{NAME}2/x.svg"),
    "rows": ("usage", "export"),
    "rows as json": ("usage", "export", "--json"),
    "requests": ("history", "list"),
    "requests as json": ("history", "list", "--json"),
    "requests that are found": ("history", "search", EVIL[:4]),
    "requests that are not found": ("history", "search", f"{EVIL}x"),
    "a request": ("history", "show", "1"),
    "a request as json": ("history", "show", "1", "--json"),
    "an invalid request": ("history", "show", EVIL),
    "a request to be sent again": ("history", "rerun", "1"),
    "requests to be deleted": ("history", "rm", EVIL, "1"),
    "requests older than an invalid age": ("history", "prune", "--older-than", EVIL),
}
SCORES: dict[str, tuple[str, ...]] = {
    "measures": ("score", EVIL),
    "tokens": ("score", EVIL, "--tokens"),
    "tokens as json": ("score", EVIL, "--json", "--tokens"),
    "texts of a file": ("score", "--jsonl", NAME),
    "a missing text file": ("score", "--file", f"{NAME}x"),
    "tokens to generate": ("score", "x", "--max-tokens", EVIL),
    "candidates": ("rank", EVIL, EVIL),
    "candidates as json": ("rank", EVIL, EVIL, "--json"),
    "a missing context file": ("rank", "--context-file", f"{NAME}x", "a", "b"),
}
SETTINGS: dict[str, tuple[str, ...]] = {
    "a setting to set": ("config", "set", EVIL, "1"),
    "a value to set": ("config", "set", "n", EVIL),
    "a setting to get": ("config", "get", EVIL),
    "a setting to unset": ("config", "unset", EVIL),
    "a file to edit": ("config", "edit"),
    "a profile to add": ("profile", "add", f" {EVIL}", "n=1"),
    "a profile with an unknown setting": ("profile", "add", "w", f"{EVIL}=1"),
    "a profile to use": ("profile", "use", EVIL),
    "a profile to delete": ("profile", "rm", EVIL),
    "a key to store": ("auth", "login", "--no-verify", "--with-token", "--no-keyring"),
    "where a key is stored": ("auth", "status"),
    "a model to fetch": ("local", "pull", EVIL),
    "a model to delete": ("local", "rm", EVIL),
    "a shell": ("completion", "install", EVIL),
    "the user's shell": ("completion", "install"),
    "a shell's script": ("completion", "install", "bash"),
    "a proxy": ("models", "--refresh"),
    "a doctor": ("doctor",),
}


@pytest.fixture
def shown(nbx: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that runs a command and fails if its output controls the terminal."""
    folder = tmp_path / NAME
    folder.mkdir()
    monkeypatch.chdir(folder)
    nbx.environ |= {"NO_COLOR": "1", "COLUMNS": "100", "TERM": "xterm-256color"}

    def run(*args: str, stdin: bytes = b"") -> int:
        ended = nbx(*args, stdin=stdin, stdin_tty=not stdin, stdout_tty=True, stderr_tty=True)
        check_unmoved(Seen(ended.out_bytes + ended.err.encode()))
        assert ended.code != 1, ended
        return ended.code

    return run


@pytest.mark.parametrize("name", BULKS)
def test_rows_and_their_answers_cannot_control_the_terminal(
    name: str, shown: Callable[..., int], server: FakeServer
) -> None:
    args, rows, reply = BULKS[name]
    for path in ("rows", NAME):
        Path(path).write_bytes(ROWS[rows])
    server.replies += [reply] * 4
    shown(*args)
    server.replies.clear()


@pytest.mark.parametrize("name", SAVED)
def test_saved_answers_cannot_control_the_terminal(name: str, shown: Callable[..., int]) -> None:
    one = row(0, EVIL, EVIL)
    write(Path(NAME), answer(one, EVIL, EVIL), failure(row(3, EVIL, f"{EVIL}3")))
    if SAVED[name][0] == "view":
        Path(NAME).write_text(json.dumps({**frame(*TOLD, reason=EVIL), "model": EVIL}))
    Path(f"{NAME}.jsonl").write_bytes(ROWS["jsonl"])
    Path(f"{NAME}.failed.jsonl").write_bytes(ROWS["jsonl"])
    shown(*SAVED[name])


@pytest.mark.parametrize("name", LEDGER)
def test_the_ledger_cannot_control_the_terminal(
    name: str, nbx: Runner, shown: Callable[..., int], server: FakeServer
) -> None:
    nbx.environ["NBX_DATA_DIR"] = str(Path.cwd() / NAME)
    named: dict[str, Any] = {"profile": EVIL, "run": EVIL, "finish": EVIL, "host": EVIL, "request_id": EVIL}
    reported = text("x", EVIL)._replace(body=json.dumps({"prompt": EVIL, "model": "m"}).encode(), prompt=EVIL)
    keep(nbx, entry(1e9, EVIL, text=reported, **named), entry(1.1e9, f"{EVIL}2", **named))
    server.replies += [status(200, json.dumps(frame((EVIL, 0.5, {}), reason=EVIL)).encode())]
    shown(*LEDGER[name])
    server.replies.clear()


@pytest.mark.parametrize("name", SCORES)
def test_texts_and_scores_cannot_control_the_terminal(
    name: str, shown: Callable[..., int], server: FakeServer
) -> None:
    Path(NAME).write_text(json.dumps({"id": EVIL, "text": EVIL}))
    whole = f"{EVIL} b{EVIL}"
    count = 2 if "candidates" in name else 1
    server.replies += [echoed(*(choice(whole, FOUND, index) for index in range(count)))]
    shown(*SCORES[name])
    server.replies.clear()


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_names_and_programs_cannot_control_the_terminal(
    name: str, nbx: Runner, shown: Callable[..., int], server: FakeServer, tmp_path: Path
) -> None:
    config = tmp_path / NAME / "config"
    nbx.environ |= {"NBX_CONFIG_DIR": str(config), "EDITOR": f"no-{EVIL}", "SHELL": f"/bin/{EVIL}"}
    nbx.environ |= {"HOME": str(tmp_path / NAME), "HTTP_PROXY": f"http://{EVIL}", "NBX_API_KEY_COMMAND": EVIL}
    server.replies += [detail(500, EVIL)] * 9
    shown(*SETTINGS[name], stdin=EVIL.encode() if name == "a key to store" else b"")
    server.replies.clear()


@pytest.mark.parametrize("name", ["answers", "rows that fail", "a run that ends"])
def test_a_bulk_run_does_not_change_the_state_of_a_real_terminal(
    name: str, terminal: Open, server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    args, rows, reply = BULKS[name]
    Path("rows").write_bytes(ROWS[rows])
    server.replies += [reply] * 4
    screen = terminal(*args, env={"NO_COLOR": "1"}, rows=60, columns=100)
    assert screen.end() != 1, str(screen)
    server.replies.clear()
    check_unmoved(screen)
    assert screen.modes_kept
