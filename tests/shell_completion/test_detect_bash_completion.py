"""Detecting whether a shell loads completions by itself, whatever its start-up file does."""

from pathlib import Path

import pytest

from nebius_cli.shell_completion import install_locations

SCRIPT = Path("/home/me/.local/share/bash-completion/completions/nbx")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a user whose bash is a script that the test writes."""
    return {"HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "bin")}


def bash(environ: dict[str, str], does: str) -> None:
    program = Path(environ["PATH"]) / "bash"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("does", "loads"),
    [
        ("printf 'hello\\nbash-completion 2'", True),
        ("printf 'hello\\nbash-completion '", False),
        ("echo 2", False),
        ("echo bash-completion 2; echo bye", False),
        ("exit 1", False),
        ("exec /nonexistent", False),
    ],
)
def test_bash_completion_is_detected_by_the_last_line_that_bash_prints(
    environ: dict[str, str], does: str, *, loads: bool
) -> None:
    bash(environ, does)
    assert install_locations.is_autoloaded("bash", SCRIPT, environ) is loads


def test_a_bash_that_never_ends_times_out(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install_locations, "SHELL_TIMEOUT_S", 0.1)
    bash(environ, "exec /bin/sleep 300")
    assert install_locations.is_autoloaded("bash", SCRIPT, environ) is False


def test_a_missing_or_invalid_bash_counts_as_without_bash_completion(environ: dict[str, str]) -> None:
    assert install_locations.is_autoloaded("bash", SCRIPT, environ) is False
    bash(environ, "")
    (Path(environ["PATH"]) / "bash").write_bytes(b"\x7fELF")
    assert install_locations.is_autoloaded("bash", SCRIPT, environ) is False


def test_a_path_with_a_space_is_not_left_to_bash_completion(environ: dict[str, str]) -> None:
    bash(environ, "printf 'bash-completion 2'")
    assert install_locations.is_autoloaded("bash", Path("/my home/nbx"), environ) is False


def test_of_the_other_shells_only_fish_loads_completions_by_itself(environ: dict[str, str]) -> None:
    found = {
        shell: install_locations.is_autoloaded(shell, SCRIPT, environ)
        for shell in ("zsh", "fish", "powershell")
    }
    assert found == {"zsh": False, "fish": True, "powershell": False}
