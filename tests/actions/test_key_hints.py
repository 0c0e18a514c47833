"""What messages about a key tell the user to do."""

from pathlib import Path

import pytest

from tests.support.run import Runner
from tests.support.server import FakeServer, detail


@pytest.mark.parametrize("place", ["file", "command", "config"])
def test_the_hint_for_a_rejected_key_names_its_source(
    place: str, bare: Runner, server: FakeServer, tmp_path: Path
) -> None:
    server.script(detail(401, "No."))
    (tmp_path / "key").write_text("k")
    flags: tuple[str, ...] = ("--base-url", server.url)
    hints = {
        "file": f"the key is from --api-key-file {tmp_path / 'key'}: replace it there",
        "command": "the key is from api_key_command echo: replace it there",
        "config": "nbx auth status shows where the key comes from, nbx auth login stores another",
    }
    env = {"NBX_API_KEY_COMMAND": "echo k"} if place == "command" else {}
    if place == "config":
        assert bare("config", "set", "api_key", "-", stdin=b"k").code == 0
    elif place == "file":
        flags = (*flags, "--api-key-file", str(tmp_path / "key"))
    result = bare("complete", "x", "-m", "m", *flags, env=env)
    assert (result.code, result.err.splitlines()[-1].strip()) == (4, hints[place])


def test_the_hint_for_a_key_command_that_cannot_run_names_its_variable(bare: Runner) -> None:
    result = bare("complete", "x", "-m", "m", env={"NBX_API_KEY_COMMAND": "no-such-tool x"})
    assert (result.code, result.err.splitlines()[-1]) == (78, "  correct NBX_API_KEY_COMMAND")


def test_a_key_of_spaces_is_reported_as_having_only_spaces(bare: Runner) -> None:
    result = bare("complete", "x", "-m", "m", env={"NEBIUS_API_KEY": "  "})
    assert (result.code, "it contains only spaces" in result.err) == (4, True)
