"""`nbx completion install` in real shells: TAB in a new shell before it, after it, and after uninstall."""

import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.shell_completion.shells import PROMPT, SHELLS, environ_of, terminal

AWKWARD = "it's home"
BASH_COMPLETION = Path("/usr/share/bash-completion/bash_completion")
REQUIRED = os.environ.get("NBX_TEST_SHELLS") == "1"

# Start-up files of users: the shell, the file and its text, with a prompt that the tests can wait for.
ZSH_PROMPT = f"PS1='{PROMPT}'"
USERS = {
    "bash": ("bash", ".bashrc", f"PS1='{PROMPT}'\n"),
    "bash with bash-completion": ("bash", ".bashrc", f". {BASH_COMPLETION}\nPS1='{PROMPT}'\n"),
    "bash, no final newline": ("bash", ".bashrc", f"PS1='{PROMPT}'"),
    "bash that prints text and starts a background process": (
        "bash",
        ".bashrc",
        f"echo bash-completion 9; sleep 20 &\nPS1='{PROMPT}'\n",
    ),
    "zsh": ("zsh", ".zshrc", f"{ZSH_PROMPT}\n"),
    "zsh with compinit": ("zsh", ".zshrc", f"{ZSH_PROMPT}\nautoload -Uz compinit\ncompinit -u\n"),
    "zsh with other options": ("zsh", ".zshrc", f"{ZSH_PROMPT}\nsetopt ksharrays nounset shwordsplit"),
    "fish": ("fish", ".config/fish/config.fish", f"function fish_prompt; echo -n '{PROMPT}'; end\n"),
}
PRESENT = [
    user
    for user, (shell, _, _) in USERS.items()
    if shell in SHELLS and (REQUIRED or "with bash-completion" not in user or BASH_COMPLETION.exists())
]
ZSH = [shell for shell in SHELLS if shell == "zsh"]


def files(home: Path) -> dict[str, bytes]:
    """Return every file of a home except those that the shells and the tests keep there."""
    ours = ("started", "nbx", "python", "python3", "folder", ".zcompdump", ".bash_history", ".cache")
    found = (path for path in home.rglob("*") if path.is_file())
    named = {str(path.relative_to(home)): path.read_bytes() for path in found}
    return {
        name: data
        for name, data in named.items()
        if not name.startswith(ours) and "fish_variables" not in name and "fish_history" not in name
    }


def nbx(home: Path, *args: str, env: Mapping[str, str] | None = None) -> str:
    """Run the real nbx as the user at `home`; return its messages."""
    done = subprocess.run(
        [sys.executable, "-m", "nebius_cli", "completion", *args],
        env={**environ_of(home), "PATH": os.environ["PATH"], **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return done.stderr


@pytest.mark.parametrize("user", PRESENT)
def test_tab_completes_after_install_and_no_longer_after_uninstall(user: str, tmp_path: Path) -> None:
    shell, name, text = USERS[user]
    home = tmp_path / AWKWARD
    (home / name).parent.mkdir(parents=True)
    (home / name).write_text(text, "utf-8")
    before = files(home)
    with terminal(shell, home) as running:
        assert running.given("nbx doc\tx") == "<docx>"
    said = nbx(home, "install", shell)
    after = files(home)
    changed = {path for path in after if after[path] != before.get(path)}
    assert {line.split(" ", 2)[2] for line in said.splitlines()[:-1]} == {str(home / p) for p in changed}
    with terminal(shell, home) as running:
        assert running.given("nbx doc\tx") == "<doctor><x>"
        assert running.given("nbx complete --service-tier fl\tx") == "<complete><--service-tier><flex><x>"
    assert nbx(home, "install", shell) == f"nbx: completion for {shell} was already installed\n"
    assert files(home) == after
    nbx(home, "uninstall", shell)
    assert files(home) == before
    with terminal(shell, home) as running:
        assert running.given("nbx doc\tx") == "<docx>"
    assert nbx(home, "uninstall", shell) == f"nbx: completion for {shell} was not installed\n"


@pytest.mark.parametrize("variable", ["", "XDG_DATA_HOME", "BASH_COMPLETION_USER_DIR"])
@pytest.mark.parametrize("shell", ["bash"] if REQUIRED or BASH_COMPLETION.exists() else [])
def test_with_bash_completion_the_start_up_file_is_unchanged(
    shell: str, variable: str, tmp_path: Path
) -> None:
    text = f". {BASH_COMPLETION}\nPS1='{PROMPT}'\n"
    (tmp_path / ".bashrc").write_text(text, "utf-8")
    env = {variable: str(tmp_path / "elsewhere")} if variable else {}
    said = nbx(tmp_path, "install", shell, env=env)
    assert [line.split()[1] for line in said.splitlines()] == ["wrote", "start"]
    assert (tmp_path / ".bashrc").read_text("utf-8") == text
    with terminal(shell, tmp_path, env) as running:
        assert running.given("nbx doc\tx") == "<doctor><x>"


@pytest.mark.parametrize("shell", ["bash"] if REQUIRED or BASH_COMPLETION.exists() else [])
def test_a_block_made_redundant_by_bash_completion_is_removed_by_the_next_install(
    shell: str, tmp_path: Path
) -> None:
    nbx(tmp_path, "install", shell)
    with (tmp_path / ".bashrc").open("a") as file:
        file.write(f". {BASH_COMPLETION}\n")
    assert f"changed {tmp_path / '.bashrc'}" in nbx(tmp_path, "install", shell)
    assert (tmp_path / ".bashrc").read_text("utf-8") == f". {BASH_COMPLETION}\n"


@pytest.mark.parametrize("shell", ZSH)
def test_zsh_completes_if_the_user_calls_compinit_later(shell: str, tmp_path: Path) -> None:
    nbx(tmp_path, "install", shell)
    rc = tmp_path / ".zshrc"
    rc.write_text(rc.read_text("utf-8") + f"{ZSH_PROMPT}\nautoload -Uz compinit\ncompinit -u\n", "utf-8")
    with terminal(shell, tmp_path) as running:
        assert running.given("nbx doc\tx") == "<doctor><x>"


@pytest.mark.parametrize("shell", ZSH)
def test_a_start_up_file_keeps_its_mode_and_remains_a_symlink(shell: str, tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles" / "zshrc"
    kept.parent.mkdir()
    kept.write_text(f"{ZSH_PROMPT}\n", "utf-8")
    kept.chmod(0o600)
    (tmp_path / ".zshrc").symlink_to(kept)
    nbx(tmp_path, "install", env={"SHELL": f"/bin/{shell}"})
    assert (tmp_path / ".zshrc").readlink() == kept
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "nbx completion" in kept.read_text("utf-8")
    nbx(tmp_path, "uninstall", env={"SHELL": f"/bin/{shell}"})
    assert (tmp_path / ".zshrc").readlink() == kept
    assert (kept.read_text("utf-8"), stat.S_IMODE(kept.stat().st_mode)) == (f"{ZSH_PROMPT}\n", 0o600)
