"""Untrusted text cannot control the terminal, in any command that prints it.

It comes from the server, from names of files and programs, the config file, the environment or the command
line. test_model_text.py tests the text of a model, test_foreign_rows.py files of rows and the ledger.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sessions.conftest import Open
from tests.support.answers import answer, row, write
from tests.support.control_sequences import EVIL, check_unmoved
from tests.support.echo import choice, echoed
from tests.support.factory import model_list
from tests.support.gate import gated
from tests.support.ledger import entry, keep, text
from tests.support.run import Runner
from tests.support.server import USAGE, FakeServer, Reply, detail, sse, status, token

HEADER = "evil[bold red]m\x1b]0;owned\x07\x1b[2J\x9b31m"  # only characters that a header can contain
Prepare = Callable[[Runner, Path], list[str]]


def words(*args: str) -> Prepare:
    """Return a preparation that only returns the command line."""
    return lambda _nbx, _folder: list(args)


def configured(text: str, *args: str) -> Prepare:
    """Return a preparation that writes a config file."""

    def prepare(nbx: Runner, folder: Path) -> list[str]:
        del folder
        nbx.write_config(text)
        return list(args)

    return prepare


def in_environment(variable: str, value: str, *args: str) -> Prepare:
    """Return a preparation that sets a variable."""

    def prepare(nbx: Runner, folder: Path) -> list[str]:
        nbx.environ[variable] = value.replace("FOLDER", str(folder))
        return list(args)

    return prepare


def with_file(*args: str) -> Prepare:
    """Return a preparation that creates a file with an evil name; its path replaces FILE."""

    def prepare(nbx: Runner, folder: Path) -> list[str]:
        del nbx
        path = folder / EVIL
        path.write_bytes(b"\xff\x1b]0;owned\x07")
        return [arg.replace("FILE", str(path)) for arg in args]

    return prepare


def weights(nbx: Runner, folder: Path) -> list[str]:
    """Put a weights file with an evil name into the cache."""
    del folder
    kept = Path(nbx.environ["NBX_CACHE_DIR"]) / "weights"
    kept.mkdir(parents=True)
    (kept / f"{EVIL}.gguf").write_bytes(b"GGUF")
    return ["local", "list"]


def requested(*args: str) -> Prepare:
    """Return a preparation that writes a request with an evil model and text to the ledger."""

    def prepare(nbx: Runner, folder: Path) -> list[str]:
        del folder
        keep(nbx, entry(time.time(), EVIL, host=EVIL, text=text(EVIL, EVIL)))
        return list(args)

    return prepare


def answered(*args: str) -> Prepare:
    """Return a preparation that writes a file of answers with an evil text; its path replaces FILE."""

    def prepare(nbx: Runner, folder: Path) -> list[str]:
        del nbx
        write(folder / "answers.jsonl", answer(row(0), EVIL))
        return [arg.replace("FILE", str(folder / "answers.jsonl")) for arg in args]

    return prepare


TOML = json.dumps(EVIL).replace("\x7f", "\\u007f")
EVIL_MODEL: dict[str, Any] = {
    "id": EVIL,
    "name": EVIL,
    "status": EVIL,
    "supported_features": [EVIL],
    EVIL: {EVIL: EVIL},
    "quantization": EVIL,
}
NAMED = {**token("text", 0, EVIL), "model": EVIL, "service_tier": EVIL}
SCORED = choice(f"{EVIL}!", [(EVIL, -1.0), ("!", -1.0)])

SOURCES: dict[str, tuple[Prepare, list[Reply]]] = {
    "an error": (words("complete", "x"), [detail(400, EVIL)]),
    "an error of text": (words("complete", "x"), [status(400, EVIL.encode(), "text/plain")]),
    "an error of validation": (words("complete", "x"), [detail(422, [{"loc": [EVIL], "msg": EVIL}])]),
    "an error that is tried again": (
        words("complete", "x", "--retries", "1"),
        [detail(500, EVIL, Retry_After="0")] * 2,
    ),
    "an error in a stream": (words("complete", "x"), [sse(token("a"), {"error": EVIL})]),
    "a request id, with --verbose": (words("complete", "x", "-v"), [detail(400, "x", x_request_id=HEADER)]),
    "a content type": (words("complete", "x"), [status(200, b"<", HEADER)]),
    "a redirect": (words("complete", "x"), [status(302, b"", Location=f"http://h/{HEADER}")]),
    "an invalid status": (words("complete", "x"), [[f"HTTP/1.1 {HEADER}\r\n\r\n".encode()]]),
    "a reply that is not HTTP": (words("complete", "x"), [[f"{HEADER}\r\n\r\n".encode()]]),
    "the table of usage": (words("complete", "x", "--usage"), [gated(NAMED, USAGE)]),
    "blocks and their usage": (
        words("complete", "x", "-n", "2", "--usage"),
        [gated(NAMED, token("b", 1, EVIL))],
    ),
    "json": (words("complete", "x", "--json", "--stream"), [gated({**NAMED, EVIL: EVIL})]),
    "ndjson": (words("complete", "x", "--ndjson"), [gated({**NAMED, EVIL: EVIL})]),
    "models": (words("models"), [model_list(EVIL_MODEL)]),
    "models as json": (words("models", "--json"), [model_list(EVIL_MODEL)]),
    "models that match": (words("models", EVIL), [model_list()]),
    "a model": (words("models", "show", EVIL), [model_list(EVIL_MODEL)]),
    "a model as json": (words("models", "show", EVIL, "--json"), [model_list(EVIL_MODEL)]),
    "an unknown model": (words("models", "show", EVIL[:-1]), [model_list(EVIL_MODEL)]),
    "a model to use": (words("models", "use", EVIL), [model_list(EVIL_MODEL)]),
    "an invalid model list": (words("models"), [status(200, EVIL.encode())]),
    "doctor": (words("doctor"), [model_list(EVIL_MODEL, Date=HEADER)]),
    "doctor with a rejected key": (words("doctor"), [detail(401, EVIL)]),
    "an unknown command": (words(EVIL), []),
    "an unknown flag": (words("complete", "x", f"--{EVIL}"), []),
    "an invalid value": (words("complete", "x", "--temperature", EVIL), []),
    "an invalid choice": (words("complete", "x", "--service-tier", EVIL), []),
    "an unknown field": (words("complete", "x", "--param", f"{EVIL}=1"), []),
    "a dry run": (words("complete", EVIL, "--user", EVIL, "--dry-run"), []),
    "curl": (words("complete", EVIL, "--user", EVIL, "--curl"), []),
    "a base URL": (words("complete", "x", "--base-url", EVIL), []),
    "a host": (words("complete", "x", "--base-url", f"http://{EVIL[:4]}\x1b]0;owned\x07/v1"), []),
    "an authorities file": (with_file("complete", "x", "--cacert", "FILE"), []),
    "a file that is not text": (with_file("complete", "--file", "FILE"), []),
    "a missing file": (with_file("complete", "--file", "FILE.no"), []),
    "a key file": (with_file("complete", "x", "--api-key-file", "FILE"), []),
    "an output that cannot be written": (with_file("complete", "x", "-o", "FILE/x"), []),
    "a directory of configuration": (
        in_environment("NBX_CONFIG_DIR", f"FOLDER/{EVIL}", "config", "path"),
        [],
    ),
    "an invalid variable": (in_environment("NBX_RETRIES", EVIL, "complete", "x"), []),
    "a variable in the list": (in_environment("NEBIUS_MODEL", EVIL, "config", "list"), []),
    "a value": (in_environment("NEBIUS_MODEL", EVIL, "config", "get", "model"), []),
    "an unknown profile": (words("complete", "x", "--profile", EVIL), []),
    "a configured value": (configured(f"user = {TOML}\n", "config", "list"), []),
    "a configured value with its origin": (
        configured(f"user = {TOML}\n", "config", "get", "user", "--show-origin"),
        [],
    ),
    "a configured value as json": (configured(f"user = {TOML}\n", "config", "list", "--json"), []),
    "an unknown setting": (configured(f"{TOML} = 1\n", "config", "list"), []),
    "a file that is not TOML": (configured(f"= {EVIL}\n", "config", "list"), []),
    "a profile": (configured(f"[profile.{TOML}]\nuser = {TOML}\n", "profile", "list"), []),
    "a keyring's name": (configured(f"api_key_keyring = {TOML}\n", "auth", "status"), []),
    "profiles as json": (configured(f"[profile.{TOML}]\nuser = {TOML}\n", "profile", "list", "--json"), []),
    "keys as json": (configured(f"api_key_keyring = {TOML}\n", "auth", "status", "--json"), []),
    "doctor as json": (words("doctor", "--json"), [model_list(EVIL_MODEL, Date=HEADER)]),
    "the ledger": (requested("history"), []),
    "the ledger as json": (requested("history", "--json"), []),
    "a request": (requested("history", "show", "1"), []),
    "a request as json": (requested("history", "show", "1", "--json"), []),
    "usage": (requested("usage", "--by", "model"), []),
    "usage as json": (requested("usage", "--by", "model", "--json"), []),
    "every request": (requested("usage", "export"), []),
    "every request as json": (requested("usage", "export", "--json"), []),
    "the path of the ledger": (in_environment("NBX_DATA_DIR", f"FOLDER/{EVIL}", "usage", "path"), []),
    "a score": (words("score", EVIL, "--tokens"), [echoed(SCORED)]),
    "a score as json": (words("score", EVIL, "--tokens", "--json"), [echoed(SCORED)]),
    "a rank": (words("rank", EVIL, EVIL), [echoed(SCORED, {**SCORED, "index": 1})]),
    "a rank as json": (words("rank", EVIL, EVIL, "--json"), [echoed(SCORED, {**SCORED, "index": 1})]),
    "merged answers": (answered("bulk", "merge", "FILE"), []),
    "texts of answers": (answered("bulk", "export", "FILE", "--text"), []),
    "weights": (weights, []),
    "weights to serve": (with_file("local", "serve", "--model-file", "FILE"), []),
}


@pytest.mark.parametrize("source", SOURCES)
def test_untrusted_text_cannot_control_the_terminal(
    source: str, nbx: Runner, terminal: Open, server: FakeServer, tmp_path: Path
) -> None:
    prepare, replies = SOURCES[source]
    args = prepare(nbx, tmp_path)
    server.script(*replies)
    screen = terminal(*args, env={"NO_COLOR": "1"}, rows=60, columns=100)
    code = screen.end()
    server.replies.clear()
    assert code != 1, str(screen)
    check_unmoved(screen)
    assert screen.modes_kept
