"""The sources of the prompt, byte for byte, and when stdin is not read."""

import codecs
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nebius_cli.main import main
from nebius_cli.system import streams
from nebius_cli.system.streams import Streams
from tests.support.messages import check_message
from tests.support.run import Result, Runner, Untouchable
from tests.support.server import FakeServer, answer, json_answer

BOM = codecs.BOM_UTF8


def prompt_of(result: Result) -> Any:
    """Return the prompt of the body that --dry-run shows."""
    assert (result.code, result.err) == (0, "")
    return result.json["prompt"]


class Dry:
    """Runs `nbx complete --dry-run` and returns the prompt it would send."""

    def __init__(self, nbx: Runner) -> None:
        self._nbx = nbx

    def __call__(self, *args: str, stdin: bytes | None = None) -> Any:
        return prompt_of(self._nbx("complete", "--dry-run", *args, stdin=stdin))


@pytest.fixture
def dry(nbx: Runner) -> Dry:
    return Dry(nbx)


def sent(*runs: tuple[list[str], bytes | None]) -> list[str]:
    """Run each command line with its stdin against a server; return the prompts that arrived."""
    server = FakeServer().script(*[json_answer("")] * len(runs))
    environ = {
        "NEBIUS_API_KEY": "k",
        "NEBIUS_BASE_URL": server.url,
        "NEBIUS_MODEL": "m",
        "NBX_CONFIG_DIR": "/none",
    }
    for args, stdin in runs:
        Runner(environ)("complete", "--json", *args, stdin=stdin)
    server.close()
    return [request.json["prompt"] for request in server.requests]


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
    .filter(lambda text: text != "-")
    .filter(lambda text: "{stdin}" not in text)
)
@example(" \t a \r\n\r\n \n")
@example("\x01\x1b[2J\x7f\u2028\ufffe\U0010ffff")
@example("e\u0301 \u00e9 \u202e \U0001f468\u200d\U0001f469\u200d\U0001f467")
@example("\ufeff\ufeffx")
@example("--flag")
@settings(max_examples=50)
def test_any_prompt_reaches_the_server_unchanged(text: str) -> None:
    assert sent((["--", text], None), ([], BOM + text.encode())) == [text, text]


def test_a_file_reaches_the_server_unchanged(tmp_path: Path) -> None:
    text = "\ufeff \u00e9\r\n\U0001f30d\x1b[0m\t\n\n"
    path = tmp_path / "-a prompt"
    path.write_bytes(BOM + text.encode())
    assert sent(([f"--file={path}"], b"unread"), ([f"-f{path}"], None)) == [text, text]


@pytest.mark.parametrize("tty", [False, True])
@pytest.mark.parametrize(
    "args", [["x"], ["--file", "{file}"], ["--prompts", "{file}"], ["--tokens", "[1]"], [""]]
)
def test_stdin_is_not_read_when_a_prompt_is_given(
    nbx: Runner, tmp_path: Path, args: list[str], *, tty: bool
) -> None:
    (tmp_path / "p").write_text("x")
    out, err = io.BytesIO(), io.BytesIO()
    streams = Streams(Untouchable(), out, err, stdin_tty=tty, environ=nbx.environ)
    args = [arg.format(file=tmp_path / "p") for arg in args]
    assert main(["complete", "--dry-run", "--allow-empty", *args], streams) == 0


def test_stdin_alone_is_the_prompt_including_final_newlines(dry: Dry) -> None:
    assert dry(stdin=b" a\n\nb \r\n") == " a\n\nb \r\n"


def test_a_dash_and_a_placeholder_stand_for_stdin(dry: Dry) -> None:
    assert dry("-", stdin=b"piped\n") == "piped\n"
    assert dry("Diff: {stdin} Summary:", stdin=b"+a\n") == "Diff: +a\n Summary:"
    assert dry("{stdin}{stdin}", "{stdin}.", stdin=b"a") == ["aa", "a."]
    assert dry("a", "-", "--file", "/dev/null", "--allow-empty", stdin=b"s") == ["a", "s", ""]
    assert dry("--file", "-", stdin=b"s\n") == "s\n"
    assert dry("--prompts", "-", stdin=b"s\nt\n") == ["s", "t"]
    assert dry("--tokens", "@-", stdin=b"[1,2]\n") == [1, 2]


TWICE = [
    ["-", "-"],
    ["-", "{stdin}"],
    ["-", "--file", "-"],
    ["--prompts", "-", "--file", "-"],
    ["--extra-body", "@-"],
    ["--extra-body", "@-", "--logit-bias", "@-", "x"],
    ["-", "--api-key-file", "-"],
    ["--tokens", "@-", "--stream-options", "@-"],
]


@pytest.mark.parametrize("args", TWICE, ids=" ".join)
def test_stdin_cannot_be_used_twice(nbx: Runner, server: FakeServer, args: list[str]) -> None:
    result = nbx("complete", *args, stdin=b'{"1": 2}')
    assert (result.code, result.out, server.requests) == (2, "", [])
    assert result.err.startswith("nbx: stdin is used twice\n  it can be read only once\n")
    check_message(result.err)


def test_several_prompts_are_sent_separately_and_in_order(dry: Dry, tmp_path: Path) -> None:
    for name in "fg":
        (tmp_path / name).write_text(f"from {name}\n")
    (tmp_path / "l").write_bytes(b"1\r\n\n 2")
    files = ["--file", str(tmp_path / "f"), "-f", str(tmp_path / "g"), "--prompts", str(tmp_path / "l")]
    expected = ["a", "b", "from f\n", "from g\n", "1", "", " 2"]
    assert dry("a", *files, "b", "--allow-empty") == expected


def test_nul_separates_prompts_that_contain_newlines(dry: Dry, tmp_path: Path) -> None:
    assert dry("-0", "--prompts", "-", stdin=b"a\nb\0c\n\0") == ["a\nb", "c\n"]
    assert dry("--null", "--prompts", "-", "--strip-final-newline", stdin=b"a\nb\0c\n") == ["a\nb", "c"]


@pytest.mark.parametrize("text", ["[1,2,3]", "[[1,2],[3]]", "[0]"])
def test_token_ids_are_sent_as_numbers(dry: Dry, tmp_path: Path, text: str) -> None:
    (tmp_path / "t.json").write_text(f" {text}\n")
    assert dry("--tokens", text) == dry("--tokens", f"@{tmp_path / 't.json'}") == json.loads(text)


@pytest.mark.parametrize("text", ["1,2", "[-1]", '["a"]', "{}", "[1.5]", "@/no/such/file", ""])
def test_invalid_token_ids_are_a_usage_error(nbx: Runner, text: str) -> None:
    result = nbx("complete", "--tokens", text, "--dry-run")
    assert (result.code, result.out) == (2, "")
    check_message(result.err)


@pytest.mark.parametrize("more", [["x"], ["--file", "/dev/null"], ["--prompts", "/dev/null"]])
def test_token_ids_cannot_be_combined_with_texts(nbx: Runner, more: list[str]) -> None:
    result = nbx("complete", "--tokens", "[1]", *more, "--dry-run")
    assert (result.code, result.out) == (2, "")
    assert "--tokens and text prompts cannot be used together" in result.err


def test_one_byte_order_mark_is_dropped(dry: Dry) -> None:
    assert dry(stdin=BOM + b"a") == "a"
    assert dry(stdin=BOM + BOM + b"a") == "\ufeffa"
    assert dry(stdin=b"a" + BOM) == "a\ufeff"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"caf\xe9 x", "byte 0xe9 at offset 3: invalid continuation byte"),
        (BOM + b"\xff", "byte 0xff at offset 3: invalid start byte"),
        (b"a" * 100_000 + b"\xc3", "byte 0xc3 at offset 100000: unexpected end of data"),
    ],
)
def test_bytes_that_are_not_valid_utf8_are_refused_with_their_offset(
    nbx: Runner, tmp_path: Path, data: bytes, why: str
) -> None:
    path = tmp_path / "p"
    path.write_bytes(data)
    for source, args in (("stdin", []), (str(path), ["--file", str(path)]), ("stdin", ["--prompts", "-"])):
        result = nbx("complete", *args, stdin=data)
        assert (result.code, result.out) == (65, "")
        assert result.err == (
            f"nbx: {source} is not valid UTF-8\n  {why}\n"
            "  set --encoding NAME or --invalid replace; iconv -f NAME -t UTF-8 converts it\n"
        )


def test_an_argument_that_is_not_valid_utf8_is_refused_with_the_offset(nbx: Runner) -> None:
    result = nbx.process("complete", "caf\udce9", "--dry-run")
    assert (result.code, result.out) == (65, "")
    assert result.err.startswith("nbx: the prompt argument is not valid UTF-8\n  byte 0xe9 at offset 3\n")


def test_encoding_and_invalid_replace_accept_other_bytes(dry: Dry, tmp_path: Path) -> None:
    assert dry("--encoding", "latin-1", stdin=b"caf\xe9") == "café"
    assert dry("--invalid", "replace", stdin=b"caf\xe9") == "caf\ufffd"
    assert dry("--invalid=strict", stdin=b"x") == "x"
    (tmp_path / "wide").write_bytes("a\u010a\r\nb\n".encode("utf-16"))
    assert dry("--encoding", "utf-16", "--prompts", str(tmp_path / "wide")) == ["a\u010a", "b"]


def test_a_nul_is_refused_as_binary_input(nbx: Runner, dry: Dry) -> None:
    result = nbx("complete", stdin=b"GIF\0")
    assert (result.code, result.out) == (65, "")
    assert result.err.startswith("nbx: stdin is binary input\n  it contains a NUL at character 4\n")
    assert dry("--invalid", "replace", stdin=b"GIF\0") == "GIF\0"


@pytest.mark.parametrize("args", [["--encoding", "klingon"], ["--encoding", "hex"], ["--invalid", "ignore"]])
def test_an_unknown_encoding_or_error_mode_is_a_usage_error(nbx: Runner, args: list[str]) -> None:
    result = nbx("complete", *args, "--dry-run", stdin=b"x")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"nbx: {' '.join(args)}\n")


def test_strip_final_newline_removes_one_final_newline(dry: Dry) -> None:
    assert dry(stdin=b"x\n") == "x\n"
    assert dry("--strip-final-newline", stdin=b"x\r\n") == "x"
    assert dry("--strip-final-newline", stdin=b"x\n\n") == "x\n"
    assert dry("--strip-final-newline", "a: {stdin}\n", stdin=b"x\n") == "a: x\n"


EMPTY = [
    ([], b""),
    ([""], None),
    (["--strip-final-newline"], b"\n"),
    (["-"], b""),
    (["--tokens", "[]"], None),
]
EMPTY += [(["a", ""], None), (["--prompts", "-"], b"a\n\nb\n"), (["--tokens", "[[1],[]]"], None), ([], BOM)]
EMPTY += [(["--prompts", "-"], b"")]


@pytest.mark.parametrize(("args", "stdin"), EMPTY)
def test_an_empty_prompt_is_refused_before_anything_is_sent(
    nbx: Runner, server: FakeServer, args: list[str], stdin: bytes | None
) -> None:
    result = nbx("complete", *args, stdin=stdin)
    assert (result.code, result.out, server.requests) == (2, "", [])
    assert result.err.endswith(" is empty\n  --allow-empty sends it anyway\n")
    assert nbx("complete", *args, "--allow-empty", "--dry-run", stdin=stdin).code == 0


def test_no_prompt_on_a_terminal_says_how_to_give_one(nbx: Runner, server: FakeServer) -> None:
    for result in (
        nbx("complete", stdin=b"unread", stdin_tty=True),
        nbx("complete"),
        nbx("complete", "--json"),
    ):
        assert (result.code, result.out, server.requests) == (2, "", [])
        assert result.err.startswith("nbx: no prompt given\n  nbx complete ")
        assert "nbx complete --help" in result.err


def test_a_dash_with_a_closed_stdin_is_an_empty_prompt(nbx: Runner) -> None:
    assert nbx("complete", "-").err.startswith("nbx: the prompt is empty\n")


def test_a_process_with_a_closed_stdin_says_how_to_give_a_prompt(nbx: Runner) -> None:
    command = ["sh", "-c", f"exec {sys.executable} -m nebius_cli complete <&-"]
    done = subprocess.run(command, env=nbx.process_env(), capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"nbx: no prompt given\n  nbx complete ")


def test_ten_megabytes_are_read_from_a_pipe(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("read"))
    data = ("é\U0001f30d \t\r\n" * 1_000_000).encode()
    result = nbx.process("complete", stdin=data)
    assert (result.code, result.out, result.err) == (0, "read\n", "")
    assert len(data) == 10_000_000
    assert server.requests[0].json["prompt"].encode() == data


@pytest.mark.parametrize(
    "args", [("complete", "-f"), ("view",), ("score", "-f"), ("complete", "x", "--logit-bias")]
)
def test_an_endless_device_is_bad_input(
    nbx: Runner, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    monkeypatch.setattr(streams, "MAX_READ_BYTES", 5 << 20)
    result = nbx(*args, "@/dev/urandom" if "--logit-bias" in args else "/dev/urandom")
    assert (result.code, result.out) == (65, "")
    assert (
        "nbx: /dev/urandom is too large\n  nbx reads at most 5 MiB from stdin, a pipe or a device\n"
        in result.err
    )
    assert nbx("complete", "--file", "-", stdin=b"a" * (6 << 20)).code == 65
