"""Reads the ids of the rows of an input, in the form in which records have them."""

from collections.abc import Callable, Iterator, Sequence

from nebius_cli.bulk.input.matrix_combination import Combination, ids_in_matrix
from nebius_cli.bulk.input.non_prompt_row_protocol import PlainText
from nebius_cli.bulk.input.open_input import RowFile, open_rows
from nebius_cli.bulk.input.parse_row import IDS, own_id
from nebius_cli.bulk.input.several_files import open_all
from nebius_cli.request.read_prompt import DecodeOptions
from nebius_cli.system.streams import Readable


def read_input_ids(
    paths: Sequence[str],
    combinations: Sequence[Combination],
    take_stdin: Callable[[], Readable | None],
    *,
    format_: str | None = None,
    nul: bool = False,
    scored: bool = False,
    reading: DecodeOptions,
) -> Iterator[str | int]:
    """Yield the id of each row in each combination; for a row without an id, its position.

    With `scored`, the rows are those of a run that scores: empty lines of plain text are skipped. Raises
    UsageError and BadInputError as a run does.
    """

    def open_file(path: str) -> RowFile:
        stdin = take_stdin() if path == "-" else None
        return open_rows(
            path,
            format_,
            nul=nul,
            reading=reading,
            stdin=stdin,
            needs=IDS.__contains__,
            plain_text=PlainText(skip_empty=scored),
        )

    with open_all(paths, open_file) as rows:
        for index, (_, raw) in enumerate(rows):
            own = own_id(raw)
            yield from ids_in_matrix(index if own is None else own, combinations)
