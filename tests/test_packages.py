"""The wheel and the sdist contain exactly the expected files, and pip installs the wheel."""

import email
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from nebius_cli import __version__
from nebius_cli.gen import man
from nebius_cli.gen.__main__ import command_tree
from tests.support import canary

ROOT = Path(__file__).parent.parent
NAME = f"nebius_cli-{__version__}"
# The completion file of each shell below the prefix, and its source in the repository.
SCRIPTS = {
    "share/bash-completion/completions/nbx": "completions/nbx.bash",
    "share/zsh/site-functions/_nbx": "completions/_nbx",
    "share/fish/vendor_completions.d/nbx.fish": "completions/nbx.fish",
}
SHARED = SCRIPTS | {f"share/man/man1/{Path(page).name}": page for page in man.pages(command_tree())}
FOLDERS = ("nebius_cli", "tests", "completions", "benchmarks", "docs", ".ci")
CACHES = {"__pycache__", ".hypothesis", ".pytest_cache", ".mypy_cache", ".ruff_cache"}


def build(source: Path, target: str, into: Path) -> Path:
    """Build a wheel or an sdist of a tree, without a network; return the file."""
    words = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)]
    done = subprocess.run(words, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return into / (f"{NAME}-py3-none-any.whl" if target == "wheel" else f"{NAME}.tar.gz")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory, key_files: set[Path]) -> Path:
    """The source tree in the unpacked sdist."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    # The source of the tests contains the key that they search for.
    key_files.update(canary.files_with_key(folder / NAME / "tests"))
    return folder / NAME


def contents(wheel: Path) -> dict[str, bytes]:
    """Return the name and content of every file in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sources(*folders: str) -> set[str]:
    """Return the files of the repository in these folders, without caches."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in found if not CACHES & set(path.parts)}


def test_the_wheel_contains_only_the_package_the_man_pages_and_the_completions(wheel: Path) -> None:
    package = {name for name in sources("nebius_cli") if name.endswith((".py", "/py.typed"))}
    shared = {f"{NAME}.data/data/{name}" for name in SHARED}
    about = {f"{NAME}.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    assert set(contents(wheel)) == package | shared | about


def test_the_files_in_the_wheel_are_identical_to_those_in_the_repository(wheel: Path) -> None:
    held = contents(wheel)
    for name, source in SHARED.items():
        assert held[f"{NAME}.data/data/{name}"] == (ROOT / source).read_bytes()
    for name in sources("nebius_cli"):
        assert held[name] == (ROOT / name).read_bytes()


def test_the_sdist_contains_all_files_that_the_tests_read_and_no_caches(
    sdist: Path,
) -> None:
    with tarfile.open(sdist) as archive:
        held = {member.name.removeprefix(f"{NAME}/") for member in archive.getmembers() if member.isfile()}
    top = {"README.md", "CHANGELOG.md", "pyproject.toml", "PKG-INFO", ".gitignore"}
    assert held == sources(*FOLDERS) | top


def test_a_wheel_built_from_the_sdist_equals_the_one_built_from_the_repository(
    wheel: Path, unpacked: Path, tmp_path: Path
) -> None:
    assert contents(build(unpacked, "wheel", tmp_path)) == contents(wheel)


def test_the_wheel_metadata_is_correct(wheel: Path) -> None:
    held = contents(wheel)
    about = email.message_from_bytes(held[f"{NAME}.dist-info/METADATA"])
    assert (about["Name"], about["Version"], about["Requires-Python"]) == (
        "nebius-cli",
        __version__,
        ">=3.11",
    )
    assert {"local", "keyring", "test"} <= set(about.get_all("Provides-Extra", []))
    assert held[f"{NAME}.dist-info/entry_points.txt"].decode().split() == [
        "[console_scripts]",
        "nbx",
        "=",
        "nebius_cli.__main__:start",
    ]


def test_pip_installs_all_files_to_the_right_paths_and_uninstalls_them(wheel: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "prefix"
    venv.create(prefix, with_pip=False)
    words = [sys.executable, "-m", "pip", "--python", str(prefix), "install", "-q", "--no-index", "--no-deps"]
    subprocess.run([*words, str(wheel)], check=True)
    done = subprocess.run([prefix / "bin/nbx", "--version"], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (f"nbx {__version__}\n", "")
    for name, source in SHARED.items():
        assert (prefix / name).read_bytes() == (ROOT / source).read_bytes()
    subprocess.run([*words[:5], "uninstall", "-q", "-y", "nebius-cli"], check=True)
    left = {path.name for path in prefix.rglob("*") if path.is_file() and "nbx" in path.name}
    assert left == set()
