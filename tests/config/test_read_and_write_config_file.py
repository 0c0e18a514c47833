"""The config file: what a write preserves, its permissions, and concurrent writers."""

import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nebius_cli.config.read_and_write_config_file import ConfigFile
from nebius_cli.core.errors_and_exit_codes import ConfigError
from tests.support.run import Runner

WRITERS, CHANGES = 6, 25

WRITE_MANY = f"""
import sys
from nebius_cli.main import main
for number in range({CHANGES}):
    assert main(["config", "set", "-q", "--profile", sys.argv[1], sys.argv[2], str(number)]) == 0
"""
# Takes the lock, prints a line, and never releases the lock.
HOLD = """
import sys, time
from pathlib import Path
from nebius_cli.system.lock import hold_lock
with hold_lock(Path(sys.argv[1]), lambda: None):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def path(bare: Runner) -> Path:
    return bare.config_path


@pytest.fixture
def warned() -> list[str]:
    return []


@pytest.fixture
def config(path: Path, warned: list[str]) -> ConfigFile:
    path.parent.mkdir(mode=0o700)
    return ConfigFile(path, warned.append)


@pytest.fixture
def holder(config: ConfigFile) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the lock of the file."""
    words = [sys.executable, "-c", HOLD, f"{config.path}.lock"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def mode(path: Path) -> str:
    return f"{path.stat().st_mode & 0o777:o}"


def test_written_settings_are_read_back(config: ConfigFile) -> None:
    assert config.read().table == {}
    config.set("model", "m")
    config.add_profile("work", {})
    config.set("n", 2, "work")
    assert config.read().table == {"model": "m", "profile": {"work": {"n": 2}}}
    assert config.unset("n", "work")
    assert not config.unset("n", "work")
    assert not config.unset("n", "home")
    assert config.path.read_text() == 'model = "m"\n\n[profile.work]\n'


def test_setting_the_same_value_again_does_not_write_the_file(config: ConfigFile) -> None:
    config.set("model", "m")
    before = config.path.stat()
    config.set("model", "m")
    assert os.path.samestat(before, config.path.stat())


def test_a_byte_order_mark_and_crlf_are_preserved(config: ConfigFile) -> None:
    config.path.write_bytes(b'\xef\xbb\xbfmodel = "m"\r\n')
    config.set("n", 2)
    assert config.path.read_bytes() == b'\xef\xbb\xbfmodel = "m"\r\nn = 2\r\n'
    config.unset("model")
    assert config.path.read_bytes() == b"\xef\xbb\xbfn = 2\r\n"


def test_setting_a_value_does_not_create_a_missing_profile(config: ConfigFile) -> None:
    with pytest.raises(ConfigError, match="no profile 'wrok'"):
        config.set("n", 1, "wrok")
    assert not config.path.exists()
    config.add_profile("work", {})
    with pytest.raises(ConfigError) as caught:
        config.set("n", 1, "wrok")
    error = caught.value
    assert error.what == f"cannot write {config.path}: no profile 'wrok'"
    assert (error.why, error.hint) == ("did you mean work?", "nbx profile list, or nbx profile add wrok")
    assert config.path.read_text() == "[profile.work]\n"


def test_a_draft_that_may_contain_a_key_is_found(config: ConfigFile) -> None:
    assert config.drafts_with_key() == []
    texts = (b"n = 1", b"api_key_command = 'x'", b"api_key = = 'x", b"\xff 'api_key' = 1")
    drafts = [config.draft(text) for text in texts]
    for draft, text in zip(drafts, texts, strict=True):
        config.write_draft(draft, text)
    assert config.drafts_with_key() == sorted(drafts[2:])


@pytest.mark.parametrize(
    ("data", "what", "why"),
    [
        (b"a = 1\nb\n", ":2:2: not valid TOML", "Expected '=' after a key in a key/value pair"),
        (b"a = '\xff'\n", ":1: not UTF-8", "at byte 5"),
        (b"a = 1\nb = '\xff'\n", ":2: not UTF-8", "at byte 11"),
    ],
)
def test_a_file_of_invalid_toml_is_neither_read_nor_written(
    config: ConfigFile, data: bytes, what: str, why: str
) -> None:
    config.path.write_bytes(data)
    for act in (config.read, lambda: config.set("model", "m"), lambda: config.unset("model")):
        with pytest.raises(ConfigError) as caught:
            act()
        error = caught.value
        assert (error.what, error.why, error.hint) == (f"{config.path}{what}", why, "nbx config edit")
    assert config.path.read_bytes() == data


def test_a_file_that_cannot_be_read_or_written_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "config.toml"
    folder.mkdir()
    config = ConfigFile(folder, lambda _: None)
    for act in (config.read, config.content, lambda: config.set("model", "m")):
        with pytest.raises(ConfigError, match=f"cannot read {folder}"):
            act()
    config = ConfigFile(Path("/proc/nbx/config.toml"), lambda _: None)
    with pytest.raises(ConfigError, match="cannot write /proc/nbx"):
        config.set("model", "m")


def test_an_impossible_change_leaves_the_file_unchanged(config: ConfigFile) -> None:
    config.path.write_text("profile = 1\n")
    with pytest.raises(ConfigError) as caught:
        config.set("n", 1, "work")
    assert (caught.value.why, caught.value.hint) == ("profile is not a table", "nbx config edit")
    assert config.path.read_text() == "profile = 1\n"


@pytest.mark.parametrize("umask", ["000", "022", "077"])
def test_a_new_file_and_its_folders_are_private_under_any_umask(
    bare: Runner, tmp_path: Path, umask: str
) -> None:
    folder = tmp_path / "new" / "er" / "nbx"
    words = [sys.executable, "-m", "nebius_cli", "config", "set", "model", "m"]
    environ = bare.process_env({"NBX_CONFIG_DIR": str(folder)})
    subprocess.run(words, env=environ, check=True, umask=int(umask, 8))
    assert mode(folder / "config.toml") == "600"
    assert [mode(place) for place in (folder, folder.parent, folder.parent.parent)] == ["700"] * 3
    assert [entry.name for entry in folder.iterdir()] == ["config.toml"]


@pytest.mark.parametrize("shared", ["644", "640", "664"])
@pytest.mark.parametrize(
    ("name", "value", "held"), [("api_key", "k", "a key"), ("headers", ["X-Token: t"], "headers")]
)
def test_a_file_keeps_its_mode_until_it_contains_a_secret(
    config: ConfigFile, warned: list[str], shared: str, name: str, value: Any, held: str
) -> None:
    config.path.touch()
    config.path.chmod(int(shared, 8))
    config.add_profile("work", {"model": "m"})
    assert (mode(config.path), warned) == (shared, [])
    config.set(name, value, "work")
    assert mode(config.path) == "600"
    (text,) = warned
    change = f"its mode is now 600 instead of {shared}"
    assert text == f"{config.path} contains {held}: {change}, so that only its owner can read it"


def test_a_symlink_is_kept_and_its_target_is_written(config: ConfigFile, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles" / "nbx.toml"
    target.parent.mkdir()
    target.write_text("# mine\n")
    target.chmod(0o644)
    config.path.symlink_to(target)
    config.set("model", "m")
    assert config.path.is_symlink()
    assert target.read_text() == '# mine\nmodel = "m"\n'
    assert mode(target) == "644"
    assert [entry.name for entry in target.parent.iterdir()] == ["nbx.toml"]


def test_the_missing_target_of_a_symlink_is_created(config: ConfigFile, tmp_path: Path) -> None:
    target = tmp_path / "later" / "nbx.toml"
    config.path.symlink_to(target)
    assert config.read().table == {}
    config.set("model", "m")
    assert config.path.is_symlink()
    assert (target.read_text(), mode(target), mode(target.parent)) == ('model = "m"\n', "600", "700")


def test_a_profile_is_added_once_and_removed_together_with_use_profile(config: ConfigFile) -> None:
    assert config.add_profile("work", {"n": 2})
    assert not config.add_profile("work", {"n": 3})
    config.set("use_profile", "work")
    assert config.remove_profile("home") is None
    assert config.remove_profile("work") == {"n": 2}
    assert config.content() == b""


def test_replace_writes_only_if_the_file_still_has_the_old_text(config: ConfigFile) -> None:
    assert config.replace(b"", b"n = 1\n")
    assert not config.replace(b"", b"n = 2\n")
    assert config.content() == b"n = 1\n"


def test_many_writers_at_once_lose_nothing(bare: Runner, path: Path) -> None:
    names = [f"w{number}" for number in range(WRITERS - 2)]
    # Two writers change the same table.
    tasks = [(name, "retries") for name in names] + [("both", "retries"), ("both", "max_tokens")]
    path.parent.mkdir()
    tables = "".join(f"[profile.{name}]\n" for name in [*names, "both"])
    path.write_text(f"# by hand\nmodel = 'm' # mine\n{tables}")
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE_MANY, *task], env=bare.process_env()) for task in tasks
    ]
    assert [writer.wait(300) for writer in writers] == [0] * WRITERS
    last = CHANGES - 1
    text = path.read_text()
    assert tomllib.loads(text) == {
        "model": "m",
        "profile": {name: {"retries": last} for name in names}
        | {"both": {"retries": last, "max_tokens": last}},
    }
    assert text.startswith("# by hand\nmodel = 'm' # mine\n")
    assert [entry.name for entry in path.parent.iterdir()] == ["config.toml"]


def test_a_writer_gives_up_if_the_file_stays_locked(
    config: ConfigFile, holder: "subprocess.Popen[str]"
) -> None:
    impatient = ConfigFile(config.path, lambda _: None, lock_timeout_s=0)
    with pytest.raises(ConfigError) as caught:
        impatient.set("model", "m")
    assert caught.value.why == f"another program has locked {config.path}.lock"
    assert holder.poll() is None


def test_the_lock_of_a_killed_process_does_not_block_others(
    config: ConfigFile, holder: "subprocess.Popen[str]"
) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    lock = Path(f"{config.path}.lock")
    assert lock.exists()
    config.set("model", "m")
    assert not lock.exists()


def test_only_one_edit_at_a_time_is_allowed(config: ConfigFile) -> None:
    with config.editing(), pytest.raises(ConfigError, match="is being edited"), config.editing():
        raise AssertionError("two edit")
    with config.editing():
        config.set("model", "m")  # allowed during an edit
