"""A key that a server repeats where nbx cuts a message: not even its beginning is shown or stored."""

from pathlib import Path

import pytest

from tests.support.run import Runner
from tests.support.server import FakeServer, Reply, detail, head, sse, status

KEY = "sk-0123456789-abcdefghijklmnopqrstuvwxyz-END"
LONG = "x" * 370 + KEY + " tail"
ROUTES: dict[str, Reply] = {
    "an error": detail(400, LONG),
    "an error of validation": detail(422, [{"loc": ["body"], "msg": LONG}]),
    "an error of text": status(400, LONG.encode(), "text/plain"),
    "a request id": detail(400, "no", x_request_id=LONG),
    "a redirect": status(307, b"", Location=f"http://other.invalid/{LONG.split()[0]}"),
    "a status line": [f"HTTP/1.1 {LONG}\r\n\r\n".encode()],
    "an error frame": sse({"error": {"message": LONG}}),
    "an error event": [head(), b"event: error\ndata: " + LONG.encode() + b"\n\n"],
    "an error inside a 200": status(
        200, f'{{"error": {{"message": "{LONG}"}}}}'.encode(), "application/json"
    ),
    "a type": status(200, b"<", f"x/{LONG}"),
    "a coding": [head(Content_Encoding=LONG.replace(" ", "")), b"x"],
}


@pytest.mark.parametrize("command", ["complete", "bulk", "models"])
@pytest.mark.parametrize("route", ROUTES)
def test_the_key_is_removed_before_a_message_is_shortened(
    nbx: Runner, server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, route: str, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.jsonl").write_text('"a"\n')
    words = {
        "complete": ("complete", "x", "--debug"),
        "bulk": ("bulk", "rows.jsonl", "-o", "answers.jsonl"),
        "models": ("models", "list", "--refresh", "--debug"),
    }[command]
    server.replies += [ROUTES[route]]
    result = nbx(*words, "--retries", "0", env={"NEBIUS_API_KEY": KEY, "NBX_HISTORY_TEXT": "true"})
    server.replies.clear()
    beginning = KEY[:8].encode()
    assert beginning not in result.out_bytes + result.err.encode()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or beginning not in path.read_bytes(), path
