"""`nbx completion`: what it prints, writes and refuses. tests/shell_completion runs the shells themselves."""

import os
import stat
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

from nebius_cli.shell_completion.edit_startup_file import END_MARKER, START_MARKER
from nebius_cli.shell_completion.generator_of_shell import FILE_NAMES
from tests.shell_completion.shells import COMPLETIONS
from tests.support.messages import check_message
from tests.support.run import Result, Runner

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def user(bare: Runner, home: Path) -> Runner:
    """nbx for a user who has only the programs of the system."""
    inherited = {name: value for name, value in bare.environ.items() if name != "NBX_DATA_DIR"}
    return Runner({**inherited, "HOME": str(home), "PATH": os.environ["PATH"]})


def files(home: Path) -> dict[str, bytes]:
    found = (path for path in home.rglob("*") if path.is_file())
    return {str(path.relative_to(home)): path.read_bytes() for path in found}


def said(result: Result) -> list[str]:
    assert (result.code, result.out) == (0, "")
    check_message(result.err)
    return [line.removeprefix("nbx: ") for line in result.err.splitlines()]


def refused(result: Result, code: int, *texts: str) -> None:
    assert (result.code, result.out) == (code, "")
    check_message(result.err)
    for text in texts:
        assert text in result.err


@pytest.mark.parametrize("shell", FILE_NAMES)
@pytest.mark.parametrize("tty", [False, True])
def test_show_prints_the_script_of_the_repository(user: Runner, shell: str, *, tty: bool) -> None:
    result = user("completion", "show", shell, stdout_tty=tty, env={"TERM": "xterm", "COLUMNS": "100"})
    assert (result.code, result.err) == (0, "")
    assert result.out_bytes == (COMPLETIONS / FILE_NAMES[shell]).read_bytes()


def test_the_shell_is_detected_and_reported_unless_one_is_named(user: Runner) -> None:
    result = user("completion", "show", env={"SHELL": "/opt/bin/fish"})
    assert result.err == "nbx: detected fish: SHELL is /opt/bin/fish\n"
    assert result.out_bytes == (COMPLETIONS / "nbx.fish").read_bytes()
    assert user("completion", "show", "-q", env={"SHELL": "/opt/bin/fish"}).err == ""


def test_an_unsupported_or_unknown_shell_is_refused(user: Runner, home: Path) -> None:
    refused(user("completion", "install", "zhs"), 2, "no completion for 'zhs'", "did you mean zsh?")
    refused(
        user("completion", "install"), 2, "unknown shell: SHELL is not set", "bash, zsh, fish, powershell"
    )
    refused(user("completion", "install", env={"SHELL": "/bin/tcsh"}), 2, "/bin/tcsh")
    assert files(home) == {}


def test_install_and_uninstall_name_every_file_that_they_write_or_remove(user: Runner, home: Path) -> None:
    script, rc = home / ".local/share/nbx/zsh/_nbx", home / ".zshrc"
    lines = said(user("completion", "install", "zsh"))
    assert lines == [f"wrote {script}", f"wrote {rc}", "start a new zsh to use completion"]
    assert script.read_bytes() == (COMPLETIONS / "_nbx").read_bytes()
    assert stat.S_IMODE(script.stat().st_mode) == 0o644
    assert rc.read_text().startswith(START_MARKER)
    assert said(user("completion", "install", "zsh")) == ["completion for zsh was already installed"]
    lines = said(user("completion", "uninstall", "zsh"))
    assert lines == [f"removed {rc}", f"removed {script}"]
    assert list((home / ".local/share").iterdir()) == []
    assert said(user("completion", "uninstall", "zsh")) == ["completion for zsh was not installed"]


def test_environment_variables_change_the_paths_of_the_files(user: Runner, home: Path) -> None:
    env = {"XDG_CONFIG_HOME": str(home / "c"), "XDG_DATA_HOME": str(home / "d"), "ZDOTDIR": str(home / "z")}
    user("completion", "install", "fish", env=env)
    user("completion", "install", "zsh", env=env)
    assert sorted(files(home)) == ["c/fish/completions/nbx.fish", "d/nbx/zsh/_nbx", "z/.zshrc"]
    said(user("completion", "install", "fish", env={"XDG_CONFIG_HOME": "relative"}))
    assert ".config/fish/completions/nbx.fish" in files(home)
    lists = {"BASH_COMPLETION_USER_DIR": f"{home}/one:{home}/two"}
    said(user("completion", "install", "bash", env=lists))
    assert "one/completions/nbx" in files(home)


def test_an_older_script_of_nbx_is_updated(user: Runner, home: Path) -> None:
    script = home / ".config/fish/completions/nbx.fish"
    script.parent.mkdir(parents=True)
    script.write_text("# nbx completion for fish 2\n")
    script.chmod(0o600)
    assert said(user("completion", "install", "fish"))[0] == f"changed {script}"
    assert stat.S_IMODE(script.stat().st_mode) == 0o600


def test_a_script_of_another_origin_is_kept_and_nothing_is_written(user: Runner, home: Path) -> None:
    script = home / ".local/share/nbx/zsh/_nbx"
    script.parent.mkdir(parents=True)
    script.write_text("# mine\n")
    refused(user("completion", "install", "zsh"), 78, f"{script} already exists", "move it away")
    assert said(user("completion", "uninstall", "zsh")) == ["completion for zsh was not installed"]
    assert files(home) == {".local/share/nbx/zsh/_nbx": b"# mine\n"}


@pytest.fixture
def package(tmp_path: Path, home: Path) -> tuple[Path, Path]:
    """A script in a package, and the link to it where bash looks for completions, as pipx installs them."""
    target = tmp_path / "venv/nbx"
    target.parent.mkdir()
    target.write_bytes((COMPLETIONS / "nbx.bash").read_bytes())
    link = home / ".local/share/bash-completion/completions/nbx"
    link.parent.mkdir(parents=True)
    link.symlink_to(target)
    return target, link


def test_a_link_to_the_same_script_is_kept_by_install_and_uninstall(
    user: Runner, home: Path, package: tuple[Path, Path]
) -> None:
    target, link = package
    script = target.read_bytes()
    assert said(user("completion", "install", "bash"))[0] == f"wrote {home / '.bashrc'}"
    assert (link.is_symlink(), target.read_bytes()) == (True, script)
    assert said(user("completion", "uninstall", "bash")) == [f"removed {home / '.bashrc'}"]
    assert (link.is_symlink(), link.read_bytes()) == (True, script)
    assert said(user("completion", "uninstall", "bash")) == ["completion for bash was not installed"]


@pytest.mark.parametrize("text", [b"# nbx completion for bash, older\n", None])
def test_a_link_to_another_nbx_script_is_replaced_and_its_target_is_kept(
    user: Runner, package: tuple[Path, Path], text: bytes | None
) -> None:
    target, link = package
    script = target.read_bytes()
    target.unlink()
    if text is not None:
        target.write_bytes(text)
    said(user("completion", "install", "bash"))
    assert (link.is_symlink(), link.read_bytes()) == (False, script)
    assert target.exists() is (text is not None)
    assert text is None or target.read_bytes() == text
    said(user("completion", "uninstall", "bash"))
    assert not os.path.lexists(link)


@pytest.mark.parametrize("action", ["install", "uninstall"])
def test_a_damaged_block_in_a_startup_file_is_refused_and_nothing_is_written(
    user: Runner, home: Path, action: str
) -> None:
    (home / ".zshrc").write_text(f"a\n{START_MARKER}\nb\n")
    refused(user("completion", action, "zsh"), 78, f"cannot change {home / '.zshrc'}", END_MARKER, "by hand")
    assert files(home) == {".zshrc": f"a\n{START_MARKER}\nb\n".encode()}


def test_a_path_that_cannot_be_read_or_written_is_named(user: Runner, home: Path) -> None:
    (home / ".zshrc").mkdir()
    refused(user("completion", "install", "zsh"), 78, f"cannot read {home / '.zshrc'}")
    (home / ".config").write_text("")
    refused(user("completion", "install", "fish"), 74, "cannot write", "nbx.fish")
    (home / ".local").symlink_to("/proc/nowhere")
    refused(user("completion", "install", "bash"), 74, "cannot write", "bash-completion/completions/nbx")


def powershell(folder: Path, name: str, profile: str) -> None:
    """Put a stand-in for PowerShell into a folder: it prints a banner and the path of its profile."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho 'a banner'\necho '{profile}'\n")
    program.chmod(0o755)


def test_the_script_is_written_beside_the_profile_that_each_powershell_reports(
    user: Runner, home: Path
) -> None:
    profile, older = home / "ps/profile.ps1", home / "windows ps/profile.ps1"
    powershell(home / "bin", "pwsh", str(profile))
    powershell(home / "bin", "powershell", str(older))
    older.parent.mkdir()
    text = "Set-Alias x y\r\n".encode("utf-16")
    older.write_bytes(text)
    env = {"PATH": f"{home / 'bin'}:{os.environ['PATH']}", "PSModulePath": "x"}
    lines = said(user("completion", "install", env=env))
    assert lines[0] == "detected powershell: SHELL is not set, but PSModulePath is"
    assert lines[1:-1] == [
        f"wrote {profile.with_name('nbx.completion.ps1')}",
        f"wrote {profile}",
        f"wrote {older.with_name('nbx.completion.ps1')}",
        f"changed {older}",
    ]
    block = profile.read_text()
    assert older.read_bytes().decode("utf-16") == "Set-Alias x y\r\n" + block.replace("\n", "\r\n").replace(
        " file created by nbx", ""
    )
    assert not PARSER.parse(block.encode()).root_node.has_error
    said(user("completion", "uninstall", env=env))
    assert {name for name in files(home) if not name.startswith("bin/")} == {"windows ps/profile.ps1"}
    assert older.read_bytes() == text


def test_without_powershell_the_installation_fails_with_a_hint(user: Runner, home: Path) -> None:
    (home / "empty").mkdir()
    result = user("completion", "install", "powershell", env={"PATH": str(home / "empty")})
    refused(result, 78, "PowerShell was not found", "nbx completion show powershell")
