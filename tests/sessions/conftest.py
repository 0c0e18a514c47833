"""A fixture that runs nbx in a terminal."""

import contextlib
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.support.run import Runner
from tests.support.terminal import Terminal

Open = Callable[..., Terminal]


@pytest.fixture
def terminal(nbx: Runner) -> Iterator[Open]:
    """Return a function that runs nbx, set up for the scripted server, in a new terminal."""
    with contextlib.ExitStack() as stack:

        def start(
            *args: str,
            env: Mapping[str, str] | None = None,
            rows: int = 24,
            columns: int = 80,
            redirect: str = "",
        ) -> Terminal:
            environ = nbx.process_env({"TERM": "xterm-256color", **(env or {})})
            return stack.enter_context(
                Terminal(list(args), environ, rows=rows, columns=columns, redirect=redirect)
            )

        yield start
