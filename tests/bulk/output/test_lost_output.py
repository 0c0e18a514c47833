"""No answers are lost if an output is deleted or replaced while a run writes it."""

import contextlib
import functools
from pathlib import Path

import pytest

from nebius_cli.bulk.output.journal import Journal
from nebius_cli.core.errors_and_exit_codes import OutputError
from tests.support.answers import answer, row


@pytest.mark.parametrize("how", ["deleted", "replaced"])
@pytest.mark.parametrize("complete", [True, False])
def test_a_deleted_or_replaced_output_is_restored_or_saved_under_another_name(
    tmp_path: Path, how: str, *, complete: bool
) -> None:
    path = tmp_path / "a.jsonl"
    journal = Journal.open(str(path), restart=False, note=lambda _: None)
    journal.append(answer(row(1)))
    path.unlink()
    if how == "replaced":
        path.write_bytes(b"mine\n")
    journal.append(answer(row(2)))
    end = functools.partial(journal.compact, ordered=False) if complete else journal.close
    with pytest.raises(OutputError, match=f"was {how} during the run") as caught:
        end()
    with contextlib.suppress(OutputError):  # a run closes the output after any error
        journal.close()
    assert len(list(path.parent.glob(f"{path.name}.saved*"))) == (how == "replaced")
    saved = path if how == "deleted" else path.with_name(path.name + ".saved")
    assert saved.read_bytes() == answer(row(1)) + answer(row(2))
    assert str(saved) in caught.value.why
    assert how == "deleted" or path.read_bytes() == b"mine\n"
