"""Importing the modules that import Ray does nothing else."""

from tests.test_imports import PACKAGE, deeds


def test_importing_any_module_does_nothing() -> None:
    count = sum(1 for _ in PACKAGE.rglob("*.py"))
    assert deeds("nebius_cli", PACKAGE.parent) == f"{count} modules\n"
