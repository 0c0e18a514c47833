"""Tests that importing modules has no side effects, including those that import Ray."""

from tests.test_imports import PACKAGE, import_side_effects


def test_importing_any_module_has_no_side_effects() -> None:
    count = sum(1 for _ in PACKAGE.rglob("*.py"))
    assert import_side_effects("nebius_cli", PACKAGE.parent) == f"{count} modules\n"
