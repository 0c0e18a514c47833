"""Install hints name the packages that pyproject.toml requires."""

import re
import tomllib

import pytest

from nebius_cli.core.optional_packages import REQUIREMENTS, install_hint
from tests.support.documented_commands import ROOT

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
# The package of this name is not ours: no text may tell users to install it by name.
BY_NAME = re.compile(r"pip3? install (-\S+ )*['\"]?nebius-cli")


@pytest.mark.parametrize("feature", REQUIREMENTS)
def test_a_hint_names_the_package_as_pyproject_does(feature: str) -> None:
    assert [entry.partition(";")[0] for entry in EXTRAS[feature]] == [REQUIREMENTS[feature]]
    hint = install_hint(feature)
    for way in ("pip install", "pipx inject nebius-cli", "uv pip install"):
        assert way in hint
    assert hint.count(f"'{REQUIREMENTS[feature]}'") == 3


def test_no_text_tells_users_to_install_nbx_by_name() -> None:
    folders = (ROOT / "nebius_cli", ROOT / "docs", ROOT / "completions")
    texts = [path for folder in folders for path in folder.rglob("*") if path.suffix != ".pyc"]
    for path in (ROOT / "README.md", *filter(lambda path: path.is_file(), texts)):
        assert not BY_NAME.search(path.read_text("utf-8", "replace")), path
