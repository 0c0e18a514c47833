"""Where nbx keeps its files, including the environments of containers and services."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from nebius_cli.system import paths
from tests.support.factory import model_list
from tests.support.run import Runner
from tests.support.server import FakeServer, answer

PLACES = {
    "CONFIG": (paths.config_dir, ".config"),
    "CACHE": (paths.cache_dir, ".cache"),
    "DATA": (paths.data_dir, ".local/share"),
}
OWN_HOME = pwd.getpwuid(os.getuid()).pw_dir


@pytest.mark.parametrize("kind", PLACES)
def test_nbx_variables_beat_xdg_and_xdg_beats_the_home(kind: str) -> None:
    find, below = PLACES[kind]
    xdg, own = {f"XDG_{kind}_HOME": "/xdg", "HOME": "/h"}, {f"NBX_{kind}_DIR": "own", "HOME": "/h"}
    assert find({"HOME": "/h"}) == Path("/h", below, "nbx")
    assert find(xdg) == Path("/xdg/nbx")
    assert find({**xdg, **own}) == Path("own")
    assert find({**xdg, f"XDG_{kind}_HOME": "relative"}) == find({"HOME": "/h"})


@pytest.mark.parametrize("kind", PLACES)
def test_a_tilde_in_a_variable_is_expanded(kind: str) -> None:
    find, _ = PLACES[kind]
    assert find({f"NBX_{kind}_DIR": "~/d", "HOME": "/h"}) == Path("/h/d")
    assert find({f"XDG_{kind}_HOME": "~/d", "HOME": "/h"}) == Path("/h/d/nbx")
    assert find({f"NBX_{kind}_DIR": "~/d", "HOME": ""}) == Path(OWN_HOME, "d")


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "relative"}, {"HOME": "~"}], ids=str)
def test_without_a_valid_home_variable_the_home_of_the_account_is_used(environ: dict[str, str]) -> None:
    assert paths.home(environ) == Path(OWN_HOME)


def test_a_user_without_an_account_has_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    for find, _ in PLACES.values():
        assert find({}).is_relative_to(paths.NO_HOME)
        assert not find({}).exists()
    assert paths.expand("~/x", {}) == f"{paths.NO_HOME}/x"


@pytest.mark.parametrize(
    ("path", "expanded"),
    [
        ("~", "/h"),
        ("~/a b", "/h/a b"),
        ("~root/x", f"{pwd.getpwnam('root').pw_dir}/x"),
        ("~nobody-of-that-name/x", "~nobody-of-that-name/x"),
        ("a/~/b", "a/~/b"),
        ("./~", "./~"),
        ("", ""),
    ],
)
def test_only_a_leading_tilde_is_expanded(path: str, expanded: str) -> None:
    assert paths.expand(path, {"HOME": "/h"}) == expanded


# Runs a command under a user id that has no account, if the system allows it.
AS_NOBODY = ["unshare", "-U", "--map-user=54321", "--map-group=54321"]


@pytest.mark.parametrize("home", [None, "", "relative", "/nonexistent", "~"])
def test_nbx_works_for_a_user_without_an_account_and_leaves_no_files(
    home: str | None, nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    if subprocess.run([*AS_NOBODY, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here")
    for kind in PLACES:
        del nbx.environ[f"NBX_{kind}_DIR"]
    env = nbx.process_env()
    env = {**{k: v for k, v in env.items() if k != "HOME"}, **({} if home is None else {"HOME": home})}
    folder = tmp_path / "here"
    folder.mkdir(mode=0o777)
    server.replies[:] = [answer("text"), model_list()]
    command = [*AS_NOBODY, sys.executable, "-m", "nebius_cli"]
    env["PYTHONPATH"] = str(Path(__file__).parent.parent.parent)

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *args], env=env, cwd=folder, capture_output=True, text=True, check=False
        )

    completed = run("complete", "x")
    assert (completed.returncode, completed.stdout) == (0, "text\n"), completed.stderr
    assert run("models").returncode == 0
    assert run("config", "list").returncode == 0
    for args in (["config", "set", "model", "m"], ["completion", "install", "zsh"], ["usage"], ["doctor"]):
        done = run(*args)
        assert done.returncode != 1 or args == ["doctor"], done.stderr
        assert "bug" not in done.stderr
        assert "Traceback" not in done.stderr
    assert list(folder.iterdir()) == []


def test_paths_in_settings_may_begin_with_a_tilde(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    (tmp_path / "key").write_text("#!/bin/sh\necho another-key\n")
    (tmp_path / "key").chmod(0o755)
    home = {"HOME": str(tmp_path), "NBX_CONFIG_DIR": "~/cfg", "NBX_DATA_DIR": "~/data"}
    (tmp_path / "cfg").mkdir()
    (tmp_path / "cfg/config.toml").write_text("cacert = '~/ca.pem'\napi_key_command = '~/key'\n")
    server.replies[:] = [answer("text")]
    done = nbx.process("complete", "x", env={**home, "NEBIUS_API_KEY": "", "NBX_CACERT": ""})
    assert "there is no such file" not in done.err
    assert "cannot run" not in done.err
    edited = nbx.process("config", "edit", env={**home, "EDITOR": "~/key"})
    assert edited.code == 0, edited.err
