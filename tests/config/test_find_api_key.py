"""Where nbx looks for a key, in which order, and how each source can fail."""

import io
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from nebius_cli.config import find_api_key
from nebius_cli.config.find_api_key import KeyOrigin, KeySource
from nebius_cli.config.settings_table import Sourced
from nebius_cli.core.errors_and_exit_codes import AuthError, ConfigError, NbxError
from nebius_cli.core.secret import Secret
from nebius_cli.system.streams import Streams
from tests.conftest import CANARY

CONFIG = Path("config.toml")
ENVIRON: Mapping[str, str] = {"PATH": os.environ["PATH"]}

ENV_LAYER = {"api_key": Sourced(Secret("from-env"), "NEBIUS_API_KEY")}
FILE_LAYER = {
    "api_key": Sourced(Secret("from-config"), "config.toml"),
    "api_key_command": Sourced("echo from-command", "config.toml"),
    "api_key_keyring": Sourced("default", "config.toml"),
}
PROFILE_LAYER = {"api_key": Sourced(Secret("from-profile"), "profile work")}


def streams(stdin: bytes = b"", **environ: str) -> Streams:
    """Return streams with this stdin, and without stdout and stderr."""
    return Streams(io.BytesIO(stdin), None, None, environ={**ENVIRON, **environ})


def found(*layers: Mapping[str, Sourced], argument: str = "", file: str | None = None) -> list[KeySource]:
    """Return the places where a key is looked for, in order of precedence."""
    return find_api_key.sources(
        Secret(argument) if argument else None, file, layers, CONFIG, streams(b"from-stdin\n")
    )


def script(code: str) -> list[str]:
    """Return the command that runs a short Python program."""
    return [sys.executable, "-c", code]


def command(code: str, timeout_s: float = find_api_key.COMMAND_TIMEOUT_S, **environ: str) -> Secret:
    """Return the key that a short program prints."""
    return find_api_key.from_command(script(code), {**ENVIRON, **environ}, timeout_s)


def refused(code: str, timeout_s: float = find_api_key.COMMAND_TIMEOUT_S, **environ: str) -> NbxError:
    """Return the error of a short program that prints no key."""
    with pytest.raises(NbxError) as caught:
        command(code, timeout_s, **environ)
    return caught.value


def test_flags_come_first_then_the_environment_the_command_the_keyring_and_the_file() -> None:
    every = found(ENV_LAYER, FILE_LAYER, argument="from-argument", file="-")
    assert [place.kind for place in every] == list(KeyOrigin)


def test_a_key_in_the_profile_beats_the_rest_of_the_file_but_not_the_environment() -> None:
    origins = [place.origin for place in found(ENV_LAYER, PROFILE_LAYER, FILE_LAYER)]
    assert origins == ["NEBIUS_API_KEY", "profile work", "config.toml", "config.toml", "config.toml"]


def test_there_are_no_places_if_nothing_is_configured() -> None:
    assert found({}, {"model": Sourced("m", "config.toml")}) == []


def test_each_place_gives_its_own_key() -> None:
    argument, file, env, run, _, config = found(ENV_LAYER, FILE_LAYER, argument="from-argument", file="-")
    read = [place.read().reveal() for place in (argument, file, env, run, config)]
    assert read == ["from-argument", "from-stdin", "from-env", "from-command", "from-config"]


def test_the_repr_of_a_place_does_not_show_its_key() -> None:
    key_sources = find_api_key.sources(
        Secret(CANARY), None, [{"api_key": Sourced(Secret(CANARY), "x")}], CONFIG, streams()
    )
    assert CANARY not in repr(key_sources)


def test_only_the_program_of_a_command_is_shown() -> None:
    (place,) = found({"api_key_command": Sourced(["echo", CANARY], "config.toml")})
    assert place.where == "echo"


def test_a_command_is_a_list_or_a_text_that_is_split_as_a_shell_would() -> None:
    for value in ("printf '%s\\n' 'a key'", ["printf", "%s\n", "a key"]):
        (place,) = found({"api_key_command": Sourced(value, "config.toml")})
        with pytest.raises(AuthError, match="the first line that printf printed"):
            place.read()


@pytest.mark.parametrize("text", ["echo 'a", "", " "], ids=repr)
def test_a_command_that_cannot_be_split_is_a_configuration_error(text: str) -> None:
    with pytest.raises(ConfigError, match="api_key_command"):
        found({"api_key_command": Sourced(text, "config.toml")})[0].read()


def test_a_command_that_cannot_be_split_does_not_affect_a_key_of_higher_precedence() -> None:
    stronger, broken = found(ENV_LAYER, {"api_key_command": Sourced("a 'b", "config.toml")})
    assert (stronger.read().reveal(), broken.where) == ("from-env", "api_key_command")


def test_a_command_is_not_run_by_a_shell() -> None:
    (place,) = found({"api_key_command": Sourced("echo $HOME;true", "config.toml")})
    assert place.read().reveal() == "$HOME;true"


def test_the_key_is_the_first_line_that_a_command_prints() -> None:
    assert command("print('key\\nnot the key')").reveal() == "key"


def test_a_command_gets_no_stdin_and_its_stderr_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    code = "import sys; print('asking', file=sys.stderr); print('key' + sys.stdin.read())"
    assert command(code).reveal() == "key"
    assert capfd.readouterr().err == "asking\n"


def test_a_failed_command_is_reported_without_its_output() -> None:
    error = refused("import sys; print('secret'); sys.exit(3)")
    assert (error.code, error.why) == (4, "exit code 3")
    assert "secret" not in str(vars(error))


def test_a_command_that_prints_nothing_gives_no_key() -> None:
    assert refused("print()").code == 4
    assert refused("").code == 4


def test_a_command_that_prints_endlessly_is_stopped() -> None:
    assert "printed too much" in refused("while True: print('key')").what


def test_a_missing_command_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="cannot run /nowhere/pass") as caught:
        find_api_key.from_command(["/nowhere/pass"], ENVIRON)
    assert caught.value.why == "No such file or directory"


def test_a_command_that_takes_too_long_is_ended_even_if_its_child_keeps_the_pipe(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    # The grandchild keeps stdout open until the FIFO is opened, long after its parent has ended.
    child = f"open({str(fifo)!r}).read()"
    error = refused(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])", 0.5)
    assert (error.code, error.why) == (4, "it printed no key within 0.5 s")
    fifo.write_text("")
    for thread in threading.enumerate():
        if thread.name == "nbx-key":
            thread.join(30)


def test_a_command_that_has_ended_gives_its_key_even_if_its_child_keeps_the_pipe(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    child = f"open({str(fifo)!r}).read()"
    start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}])"
    assert command(f"print('key', flush=True); {start}").reveal() == "key"
    fifo.write_text("")
    for thread in threading.enumerate():
        if thread.name == "nbx-key":
            thread.join(30)


def test_a_key_command_that_calls_nbx_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="calls nbx"):
        find_api_key.from_command(["echo"], {find_api_key.INSIDE: "1"})
    assert command(f"import os; print(os.environ['{find_api_key.INSIDE}'])").reveal() == "1"


@pytest.mark.parametrize(
    "data", [b"key", b"key\n", b" key \r\n", b"\xef\xbb\xbfkey\r\n", b"\n\nkey\n\n"], ids=repr
)
def test_white_space_around_a_key_is_removed(data: bytes) -> None:
    assert find_api_key.ask(streams(data)).reveal() == "key"


@pytest.mark.parametrize("data", [b"", b"\n", b"a b", b"a\nb", b"caf\xc3\xa9", b"\xff", b"a\x00b"], ids=repr)
def test_an_invalid_key_is_refused_without_being_shown(data: bytes) -> None:
    with pytest.raises(AuthError, match="stdin") as caught:
        find_api_key.ask(streams(data))
    assert data == b"" or data.decode("latin-1") not in str(vars(caught.value))


@pytest.mark.parametrize("key", ["v1.abc", "eyJhbGciOi.J9", "sk-1", "x", "a+b/c==", "t1.9euelZ"])
def test_a_key_may_have_any_prefix(key: str) -> None:
    assert find_api_key.ask(streams(key.encode())).reveal() == key


@pytest.mark.parametrize(
    ("mode", "open_to_others"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True), (0o660, True)]
)
def test_a_key_file_that_others_can_read_is_reported_with_a_chmod_command(
    tmp_path: Path, mode: int, *, open_to_others: bool
) -> None:
    file = tmp_path / "it's a key"
    file.write_text("key")
    file.chmod(mode)
    (place,) = found(file=str(file))
    assert place.mode == mode
    assert place.chmod_command == (f"chmod 600 '{tmp_path}/it'\"'\"'s a key'" if open_to_others else "")


def test_the_mode_of_a_pipe_used_as_key_file_is_ignored() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"key\n")
    os.close(writer)
    (place,) = found(file=f"/dev/fd/{reader}")
    assert (place.mode, place.chmod_command, place.read().reveal()) == (None, "", "key")
    os.close(reader)


@pytest.mark.parametrize("text", ["NEBIUS_API_KEY=sk-1", "export KEY='sk-1'", "API_KEY = sk-1"])
def test_a_line_of_an_environment_file_is_not_a_key(text: str) -> None:
    with pytest.raises(AuthError) as caught:
        find_api_key.clean(Secret(text), "KEYS")
    assert caught.value.what == "the content of KEYS is NAME=KEY, not a key"
    assert "sk-1" not in str(vars(caught.value))


@pytest.mark.parametrize("text", ["sk-A=", "QUJD==", "v1.ab=c", "ABC="])
def test_a_key_may_contain_equals_signs(text: str) -> None:
    assert find_api_key.clean(Secret(text), "KEYS").reveal() == text


NO_SHELL = "no shell runs the command, so {} is passed as an ordinary argument; write sh -c 'COMMAND'"


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("echo secret | tr -d x", "|"),
        ("false && echo secret", "&&"),
        ("false > secret", ">"),
        ("false 2>/dev/null", "2>"),
        ("echo secret; true", ";"),
        ("echo $(cat secret)", "$("),
        ("echo `cat secret`", "`"),
        ("no-such-program | secret", "|"),
    ],
)
def test_a_failed_command_with_shell_syntax_gets_a_hint_that_no_shell_runs_it(text: str, sign: str) -> None:
    with pytest.raises((AuthError, ConfigError)) as caught:
        found({"api_key_command": Sourced(text, "config.toml")})[0].read()
    assert caught.value.hint == NO_SHELL.format(sign)


@pytest.mark.parametrize("text", ["sh -c 'false | false'", "false <id>", "false a&b"])
def test_a_failed_command_without_shell_syntax_gets_no_hint_about_shells(text: str) -> None:
    with pytest.raises(AuthError) as caught:
        found({"api_key_command": Sourced(text, "config.toml")})[0].read()
    assert caught.value.hint == "run it in a terminal to see why"
