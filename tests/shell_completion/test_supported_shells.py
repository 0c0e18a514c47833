"""The names of shells, and what is written to their start-up files."""

import pytest

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.shell_completion import supported_shells


@pytest.mark.parametrize(
    ("name", "shell"),
    [("bash", "bash"), ("ZSH", "zsh"), ("pwsh", "powershell"), ("PowerShell.exe", "powershell")],
)
def test_a_shell_is_found_by_its_name(name: str, shell: str) -> None:
    assert supported_shells.find_shell(name) == shell


def test_an_unknown_shell_is_reported_with_a_suggestion_and_a_list() -> None:
    with pytest.raises(UsageError) as error:
        supported_shells.find_shell("fsh")
    assert (error.value.what, error.value.why) == ("no completion for 'fsh'", "did you mean fish?")
    assert error.value.hint == "choose one of bash, zsh, fish, powershell"
    with pytest.raises(UsageError) as error:
        supported_shells.find_shell("nu")
    assert error.value.why == ""


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"SHELL": "/usr/bin/zsh"}, ("zsh", "SHELL is /usr/bin/zsh")),
        (
            {"SHELL": "C:\\Program Files\\Git\\bin\\bash.exe"},
            ("bash", "SHELL is C:\\Program Files\\Git\\bin\\bash.exe"),
        ),
        ({"SHELL": "/bin/fish", "PSModulePath": "x"}, ("fish", "SHELL is /bin/fish")),
        ({"PSModulePath": "x"}, ("powershell", "SHELL is not set, but PSModulePath is")),
    ],
)
def test_the_shell_of_the_user_is_detected_from_the_environment(
    environ: dict[str, str], found: tuple[str, str]
) -> None:
    assert supported_shells.detect_shell(environ) == found


@pytest.mark.parametrize(
    ("environ", "what"),
    [
        ({}, "unknown shell: SHELL is not set"),
        ({"SHELL": "/bin/tcsh"}, "no completion for your shell, /bin/tcsh"),
    ],
)
def test_a_shell_without_completion_is_reported(environ: dict[str, str], what: str) -> None:
    with pytest.raises(UsageError) as error:
        supported_shells.detect_shell(environ)
    assert error.value.what == what


@pytest.mark.parametrize(
    ("data", "ours"),
    [
        (b"# nbx completion for bash 3.2 and later.\n", True),
        (b"#compdef nbx\n# nbx completion for zsh: put\n", True),
        (b"# my own nbx completion for bash\n", False),
        (b"\n\n# nbx completion for bash\n", False),
        (b"", False),
    ],
)
def test_a_script_of_nbx_is_recognised_by_its_first_lines(data: bytes, ours: bool) -> None:  # noqa: FBT001
    assert supported_shells.is_nbx_script(data) is ours


def test_blocks_quote_the_paths_in_them() -> None:
    assert supported_shells.bash_block("/it's/nbx") == r"if [ -r '/it'\''s/nbx' ]; then . '/it'\''s/nbx'; fi"
    assert supported_shells.zsh_block("/it's").startswith(r"""fpath=('/it'\''s' "${fpath[@]}")""")
    assert '"$PSScriptRoot/nbx.ps1"' in supported_shells.powershell_block("nbx.ps1")
