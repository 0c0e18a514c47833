"""Runs nbx: in this process through main, or in a separate process."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nebius_cli.main import main
from nebius_cli.system.streams import Streams
from tests.support.canary import shows_key


@dataclass
class Result:
    """Exit code and output of a run, and how long it would have slept."""

    code: int
    out_bytes: bytes
    err: str
    slept: list[float]

    @property
    def out(self) -> str:
        """Stdout as text."""
        return self.out_bytes.decode("utf-8")

    @property
    def json(self) -> Any:
        """Stdout as one JSON value."""
        return json.loads(self.out_bytes)


class Untouchable(io.RawIOBase):
    """A stdin that must not be read."""

    def read(self, size: int = -1, /) -> bytes:
        """Fail."""
        raise AssertionError(f"{size} bytes of stdin were read")


class Runner:
    """Runs nbx with a fixed environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)

    def __call__(
        self,
        *args: str,
        stdin: bytes | None = None,
        stdin_tty: bool = False,
        stdout_tty: bool = False,
        stderr_tty: bool = False,
        env: Mapping[str, str] | None = None,
        may_show_key: bool = False,
        jitter: float = 0.5,
    ) -> Result:
        """Run in this process. `stdin=None` is a closed stdin. Sleeps are recorded, but not waited for.

        The threads of `nbx bulk` wait in real time: with a `jitter` of -1 they retry at once.
        """
        out, err = io.BytesIO(), io.BytesIO()
        slept: list[float] = []
        streams = Streams(
            None if stdin is None else io.BytesIO(stdin),
            out,
            err,
            stdin_tty=stdin_tty,
            stdout_tty=stdout_tty,
            stderr_tty=stderr_tty,
            environ={**self.environ, **(env or {})},
            sleep=slept.append,
            random=lambda: jitter,
        )
        code = main(args, streams)
        assert may_show_key or not shows_key(out.getvalue()), "the key is on stdout"
        assert not shows_key(err.getvalue()), "the key is on stderr"
        return Result(int(code), out.getvalue(), err.getvalue().decode("utf-8"), slept)

    @property
    def config_path(self) -> Path:
        """The path of the config file."""
        return Path(self.environ["NBX_CONFIG_DIR"]) / "config.toml"

    def write_config(self, text: str) -> Path:
        """Write the config file, for its owner only; return its path."""
        self.config_path.parent.mkdir(exist_ok=True)
        self.config_path.write_text(text, "utf-8")
        self.config_path.chmod(0o600)
        return self.config_path

    def process_env(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment for a child: this process's own, updated with the runner's and `env`."""
        return {**os.environ, **self.environ, **(env or {})}

    def start(
        self, *args: str, env: Mapping[str, str] | None = None, before: str = ""
    ) -> "subprocess.Popen[bytes]":
        """Start a separate process, after the shell commands `before`; its stderr is a pipe."""
        script = before + 'exec "$@"'
        return subprocess.Popen(
            ["bash", "-c", script, "bash", sys.executable, "-m", "nebius_cli", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self.process_env(env),
        )

    def process(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Result:
        """Run in a separate process."""
        done = subprocess.run(
            [sys.executable, "-m", "nebius_cli", *args],
            input=stdin,
            capture_output=True,
            env=self.process_env(env),
            timeout=60,
            check=False,
        )
        assert not shows_key(done.stdout + done.stderr), "the key is in the output"
        return Result(done.returncode, done.stdout, done.stderr.decode("utf-8"), [])
