"""Lists the sources of the API key in the order in which nbx tries them, and reads the key."""

import contextlib
import os
import shlex
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nebius_cli.config.settings_table import BY_NAME, KEY_SETTINGS, Sourced
from nebius_cli.config.shell_syntax_hints import is_assignment, shell_hint
from nebius_cli.core.errors_and_exit_codes import AuthError, ConfigError, NbxError
from nebius_cli.core.secret import Secret
from nebius_cli.core.urls import CONSOLE_URL
from nebius_cli.system import child_process
from nebius_cli.system.paths import expand
from nebius_cli.system.read_and_replace_files import read_bytes
from nebius_cli.system.streams import Streams

if TYPE_CHECKING:
    from subprocess import Popen

COMMAND_TIMEOUT_S = 30.0  # for api_key_command, which may ask the user for a password
MAX_COMMAND_OUTPUT_BYTES = 1 << 16
PIPE_TIMEOUT_S = 0.5  # to read what the command printed before it ended
INSIDE = "NBX_INSIDE_API_KEY_COMMAND"  # set for the command, so that nbx notices if the command calls nbx
QUOTES = ("'", '"', "`")
QUESTION = "Token Factory API key (not shown): "
HINT = "nbx config set api_key_command 'PROGRAM ARGUMENTS'"


class KeyOrigin(Enum):
    """The kinds of sources of a key, in the order in which nbx tries them."""

    ARGUMENT = "--api-key"
    FILE = "--api-key-file"
    ENVIRONMENT = "environment"
    COMMAND = "api_key_command"
    KEYRING = "keyring"
    CONFIG = "config file"


ORDER = tuple(KeyOrigin)


class KeySource(NamedTuple):
    """A source of a key: `where` describes it, `origin` names what configured it, `path` is its file."""

    kind: KeyOrigin
    where: str
    read: Callable[[], Secret]
    origin: str | None = None
    path: Path | None = None

    @property
    def asks(self) -> bool:
        """Whether reading it runs a program that may ask the user for a password."""
        return self.kind in (KeyOrigin.COMMAND, KeyOrigin.KEYRING)

    @property
    def mode(self) -> int | None:
        """The permissions of its file, None on Windows or if it is not a regular file."""
        if self.path is None or os.name == "nt":
            return None
        with contextlib.suppress(OSError):
            status = self.path.stat()
            return stat.S_IMODE(status.st_mode) if stat.S_ISREG(status.st_mode) else None
        return None

    @property
    def replace_hint(self) -> str:
        """The hint if the server rejects its key; empty if nbx itself stored the key."""
        if self.kind in (KeyOrigin.KEYRING, KeyOrigin.CONFIG):
            return ""
        name = f"{self.kind.value} " if self.kind in (KeyOrigin.FILE, KeyOrigin.COMMAND) else ""
        return f"the key is from {name}{self.where}: replace it there"

    @property
    def chmod_command(self) -> str:
        """The command that makes its file private, empty if it already is or cannot be made private."""
        if self.path is None or self.mode is None or not self.mode & 0o066:
            return ""
        # The mode of a read-only mount, such as the secrets of a container, cannot be changed.
        if sys.platform != "win32" and os.statvfs(self.path).f_flag & os.ST_RDONLY:
            return ""
        return f"chmod 600 {shlex.quote(str(self.path))}"


class FoundKey(NamedTuple):
    """A key and the source that it was read from."""

    secret: Secret
    source: KeySource


def sources(
    api_key: Secret | None,
    api_key_file: str | None,
    layers: Sequence[Mapping[str, Sourced]],
    config: Path,
    streams: Streams,
) -> list[KeySource]:
    """Return every configured source of a key, the strongest first. No key is read yet.

    `layers` are the key settings of environment, profile and the config file `config`, in this order: a key
    of a profile, whatever its kind, overrides the keys outside of profiles.
    """
    found = []
    if api_key is not None:
        found.append(KeySource(KeyOrigin.ARGUMENT, "--api-key", lambda: clean(api_key, "--api-key")))
    if api_key_file is not None:
        path = None if api_key_file == "-" else Path(api_key_file)
        where = "stdin" if path is None else api_key_file
        found.append(KeySource(KeyOrigin.FILE, where, lambda: _from_file(api_key_file, streams), path=path))
    for layer in layers:
        own = [_place(name, layer[name], config, streams) for name in KEY_SETTINGS if name in layer]
        found += sorted(own, key=lambda place: ORDER.index(place.kind))
    return found


def warnings(found: Sequence[KeySource], profile: str | None) -> Iterator[str]:
    """Yield the warnings to show before the first of the sources `found` is used.

    `profile` is the profile that --profile named, None if it named none.
    """
    first = found[0]
    if first.kind is KeyOrigin.ARGUMENT:
        yield "--api-key makes the key visible in ps and in the shell history; --api-key-file - does not"
    if first.chmod_command:
        yield f"other users of this machine can read the key; run {first.chmod_command}"
    own = f"profile {profile}"
    if first.kind is KeyOrigin.ENVIRONMENT and any(place.origin == own for place in found):
        yield f"{first.where} overrides the key of {own}"


def _place(name: str, sourced: Sourced, config: Path, streams: Streams) -> KeySource:
    value, origin = sourced.value, sourced.origin
    if isinstance(value, Secret):
        if origin in BY_NAME[name].env:
            return KeySource(KeyOrigin.ENVIRONMENT, origin, lambda: clean(value, origin), origin)
        return KeySource(KeyOrigin.CONFIG, str(config), lambda: clean(value, str(config)), origin, config)
    if name == "api_key_command":
        # Only the program is shown: its arguments may hold a secret.
        command = value if isinstance(value, list) else str(value)
        hint = f"correct {origin}" if origin in BY_NAME[name].env else HINT
        return KeySource(
            KeyOrigin.COMMAND,
            _program(command),
            lambda: from_command(_words(command, hint), streams.environ, hint=hint),
            origin,
        )
    return KeySource(KeyOrigin.KEYRING, str(value), lambda: _from_keyring(str(value)), origin)


def clean(key: Secret, where: str) -> Secret:
    """Return a key without the white space around it. Raises AuthError, without the text, if it is not a key.

    The format is not checked further, because it has changed before.
    """
    value = key.reveal().strip("\ufeff \t\r\n")
    if not value:
        raise AuthError(f"no key in {where}", "it contains only spaces" if key.reveal() else "it is empty")
    if is_assignment(value):
        why = "nbx does not read environment files here"
        raise AuthError(
            f"the content of {where} is NAME=KEY, not a key", why, "write only the key, without NAME="
        )
    if not value.isascii() or not value.isprintable() or " " in value:
        why = "it contains spaces or characters that a key cannot have"
        raise AuthError(
            f"the content of {where} is not a key", why, "copy the key again, without anything else"
        )
    if value[0] in QUOTES or value[-1] in QUOTES:
        why = "only a shell removes quotes; docker --env-file, for example, keeps them"
        raise AuthError(f"the key in {where} has quotes around it", why, "write the key without quotes")
    return Secret(value)


def missing_key(environ: Mapping[str, str], local: str = "") -> AuthError:
    """Return the error for a run without a key; `local` is a hint how to run without one."""
    empty = " (NEBIUS_API_KEY is set, but empty)" if environ.get("NEBIUS_API_KEY") == "" else ""
    hint = "run nbx auth login, or set NEBIUS_API_KEY"
    where = f"create a key at {CONSOLE_URL}"
    return AuthError(f"no API key{empty}", where, f"{hint}; {local}" if local else hint)


def ask(streams: Streams) -> Secret:
    """Return the key from standard input: typed without echo on a terminal, else everything up to the end."""
    if streams.stdin_tty:
        from nebius_cli.system.ask_password import read_password

        return clean(Secret(read_password(streams, QUESTION)), "the input")
    return _decoded(streams.read_stdin(), "stdin")


def from_command(
    words: Sequence[str],
    environ: Mapping[str, str],
    timeout_s: float = COMMAND_TIMEOUT_S,
    *,
    hint: str = HINT,
) -> Secret:
    """Return the key that a program prints on its first line. It runs without a shell.

    The program shares nbx's stderr. Raises ConfigError if it cannot be run, AuthError if it fails.
    """
    from subprocess import DEVNULL, PIPE

    if environ.get(INSIDE):
        raise ConfigError("api_key_command calls nbx, which calls api_key_command", "", hint)
    # The program must not read the prompt from stdin, but it may ask on the terminal.
    try:
        with child_process.running(
            [expand(word, environ) for word in words],
            environ,
            changes={INSIDE: "1"},
            failure=f"cannot run {words[0]}, the api_key_command",
            hint=hint,
            bufsize=0,
            stdin=DEVNULL,
            stdout=PIPE,
        ) as process:
            printed = _printed(process, words[0], timeout_s)
        return _decoded(printed.partition(b"\n")[0], f"the first line that {words[0]} printed")
    except NbxError as error:
        error.hint = shell_hint(words) or error.hint
        raise


def _printed(process: "Popen[bytes]", program: str, timeout_s: float) -> bytes:
    import threading
    from subprocess import TimeoutExpired

    name, printed, enough = f"the api_key_command {program}", bytearray(), threading.Event()

    def read() -> None:
        with process.stdout as pipe:  # type: ignore[union-attr]  # stdout is PIPE
            while len(printed) < MAX_COMMAND_OUTPUT_BYTES and (piece := pipe.read(MAX_COMMAND_OUTPUT_BYTES)):
                printed.extend(piece)
                if b"\n" in piece:
                    enough.set()
        enough.set()

    # A thread, because children of the program can keep the pipe open after it has ended.
    threading.Thread(target=read, name="nbx-key", daemon=True).start()
    code: int | None = None
    with contextlib.suppress(TimeoutExpired):
        code = process.wait(timeout_s)
    # By now, its output is in the pipe. Without a newline, reading continues until those children end.
    done = enough.wait(PIPE_TIMEOUT_S)
    if len(printed) >= MAX_COMMAND_OUTPUT_BYTES:
        raise AuthError(f"{name} printed too much", f"more than {MAX_COMMAND_OUTPUT_BYTES} bytes")
    if code is None:
        why = f"it {'did not exit' if done else 'printed no key'} within {timeout_s:g} s"
        raise AuthError(f"{name} took too long", why)
    if code:
        raise AuthError(f"{name} failed", f"exit code {code}", "run it in a terminal to see why")
    return bytes(printed)


def _words(command: str | list[str], hint: str = HINT) -> list[str]:
    if isinstance(command, list):
        return command
    try:
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError as error:
        raise ConfigError("api_key_command cannot be split into words", str(error).lower(), hint) from None
    if not words:
        raise ConfigError("api_key_command is empty", "", hint)
    return words


def _program(command: str | list[str]) -> str:
    # A command that cannot be split fails only when it is run, as a stronger source may be used instead.
    with contextlib.suppress(ConfigError):
        return _words(command)[0]
    return "api_key_command"


def _from_file(path: str, streams: Streams) -> Secret:
    return ask(streams) if path == "-" else _decoded(read_bytes(path), path)


def _from_keyring(account: str) -> Secret:
    from nebius_cli.config.system_keyring import Keyring

    return clean(Keyring().read(account), "the keyring")


def _decoded(data: bytes, where: str) -> Secret:
    return clean(Secret(data.decode("utf-8", "surrogateescape")), where)
