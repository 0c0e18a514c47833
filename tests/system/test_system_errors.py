"""The exit code for each error that ends a run, as recorded in the ledger and returned to the shell."""

import pytest

from nebius_cli.core import errors_and_exit_codes
from nebius_cli.system.system_errors import exit_code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (errors_and_exit_codes.CappedError("x"), 10),
        (errors_and_exit_codes.LedgerError("x"), 78),
        (errors_and_exit_codes.Interrupted(), 130),
        (KeyboardInterrupt(), 130),
        (errors_and_exit_codes.Terminated(), 143),
        (errors_and_exit_codes.ReaderGone(), 141),
        (OSError(28, "full"), 74),
        (MemoryError(), 78),
        (ValueError(), 1),
    ],
)
def test_every_error_that_ends_a_run_has_an_exit_code(error: BaseException | None, code: int) -> None:
    assert exit_code(error) == code
