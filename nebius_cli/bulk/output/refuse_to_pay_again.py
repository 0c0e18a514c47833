"""Detects that a run would pay again for rows of its output, or mix its answers with those of other runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.input.row_source import RowSource
from nebius_cli.bulk.input.shard import Shard
from nebius_cli.bulk.output.journal import Journal
from nebius_cli.bulk.output.read_records import RecordReader, matrix_of, open_answers, records_in
from nebius_cli.bulk.output.renumber_moved_rows import moved_records
from nebius_cli.bulk.output.sort_integer_pairs import IndexSort
from nebius_cli.core import jsontext
from nebius_cli.core.compact_hash_set import DigestSet, digest
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.short_text import counted


class Claims:
    """Looks for a row of the input whose answer is in the output.

    `changed` counts the rows before it whose prompt has an answer, but to another request, because a flag or
    the base URL has changed, or at another index, because rows without an id have moved. A row whose prompt
    has changed is not counted.
    """

    def __init__(self, journal: Journal, output: str) -> None:
        self._journal = journal
        self._output = output  # its name in messages
        self._matrix = matrix_of(journal.path)
        self.changed = 0
        self._model = ""  # of the first changed row
        self._may_have_moved = False
        self.found = journal.earlier.answers == 0  # or there is nothing to find

    def has_answer(self, row: Row) -> bool:
        """Return whether an earlier run answered this row with this request.

        Raises UsageError if the output is that of a run with another `--matrix`.
        """
        if self._matrix is not None and self._matrix != row.matrix:
            raise _other_matrix(self._output, self._matrix, row.matrix)
        if self._journal.has_answer(row):
            self.found = True
            return True
        if not self.found:
            self.changed += self._journal.has_prompt_of(row)
            self._model = self._model or row.model
            self._may_have_moved |= row.is_unnamed
        return False

    def error(self, *, runs_locally: bool) -> UsageError:
        """Return the error of a run that would send every row of the output again.

        `runs_locally`: to a model on this machine, which costs nothing.
        """
        what = f"every row of {self._output} would be {_sent_again(runs_locally)}"
        why = self._changed_settings(runs_locally) + " has changed"
        if self._may_have_moved:
            why += ", or rows without an id have moved"
        hint = f"--restart starts over and keeps the answers as {self._output}.old; or choose another -o"
        return UsageError(what, why, hint)

    def _changed_settings(self, runs_locally: bool) -> str:  # noqa: FBT001 - the only argument
        """Return what may have changed since the records were written; only the model if that is certain."""
        others = ["a flag"] if runs_locally else ["a flag", "the project", "the base URL"]
        record = _first_answer(self._journal.path)
        found = record.get("model") or (record.get("response") or {}).get("model")
        if not (isinstance(found, str) and self._model):
            return _either(["the model", *others])
        if self._model not in (found, record.get("against_model")):
            model = f"the model ({found} before, {self._model} now)"
            # A server may use another name in its response; a score has the name that was asked for.
            return model if "model" in record and not runs_locally else _either([model, *others])
        # The content of a model file may have changed under the same name.
        return _either(["the model", *others] if runs_locally or "against_model" in record else others)


class SurveyedClaims(Claims):
    """The claims of every row of a shard, before any is sent. Memory: 16 bytes for each row to send."""

    def __init__(self, journal: Journal, output: str, shard: Shard) -> None:
        super().__init__(journal, output)
        self._shard = shard
        self._unanswered = IndexSort()  # digests of the requests, and indexes, of rows without an id

    def has_answer(self, row: Row) -> bool:
        """Return whether an earlier run answered this row with this request. Raises UsageError."""
        found = super().has_answer(row)
        if row.is_unnamed and not found:
            self._unanswered.add(digest(row.body_hash.encode("ascii")), row.index)
        return found

    def renumber(self) -> bool:
        """Renumber the answers to rows without an id that have moved; return whether any has moved.

        If so, check every row again with a new object. Raises OutputError.
        """
        if self._matrix or not len(self._unanswered) or not self._journal.unclaimed_answers:
            return False
        path, claimed = self._journal.path, self._journal.claimed_rows()
        moved = moved_records(path, self._unanswered, claimed)
        if len(moved):
            self._journal.renumber(moved)
        return len(moved) > 0

    def check(self, *, runs_locally: bool) -> None:
        """Raise UsageError if the run would pay again for all rows, or for rows of a matrix that have moved.

        Raise it also if the output has records of another shard. `runs_locally`: to a model on this machine,
        which costs nothing.
        """
        if self._shard.of > 1 and (foreign := self._rows_of_other_shards()):
            what = f"{self._output} has {counted(foreign, 'record')} of rows outside --shard {self._shard}"
            raise UsageError(what, "each shard needs its own output", "choose another -o, or correct --shard")
        if moved := self._moved():
            what = f"{counted(moved, 'row')} without an id moved, and would be {_sent_again(runs_locally)}"
            why = f"{self._output} has their answers at other positions: rows or files are in another order"
            raise UsageError(what, why, "restore the order and add new rows at the end, or choose another -o")
        if self.changed and not self.found:
            raise self.error(runs_locally=runs_locally)

    def _rows_of_other_shards(self) -> int:
        """Return the number of records of rows that this shard neither claims nor contains."""
        claimed, count = self._journal.claimed_rows(), 0
        for _, line, head in records_in(self._journal.path):
            index = jsontext.decode(line)["row_index"] if self._matrix else head.row_index
            count += not self._shard.has(index) and head.row_key not in claimed
        return count

    def _moved(self) -> int:
        """Return the number of rows without an id whose request has an answer that no row claims."""
        if not self._matrix or not len(self._unanswered) or not self._journal.unclaimed_answers:
            return 0
        claimed, unclaimed = self._journal.claimed_rows(), DigestSet()
        with open_answers(self._journal.path) as file:
            for row_id, _, body_hash, *_, ok in RecordReader(file, self._journal.path).heads():
                if ok and digest(row_id) not in claimed:
                    unclaimed.add(digest(body_hash))
        return sum(request in unclaimed for request, _ in self._unanswered)


def rows_not_in_input(count: int, source: RowSource, output: str) -> str:
    """Return a note about answers or scores in an output whose rows are not in the input."""
    note = f"{output} has {_results(count, source)} rows that are not in this input"
    if source.reader.kind is not None and not source.seekable:
        note += ", and the totals include them, because a pipe can be read only once"
    return f"{note}; nbx bulk merge --input FILE leaves them out"


def other_requests(count: int, source: RowSource, output: str) -> str:
    """Return a note about answers or scores in an output that no row of the input asks for."""
    why = "changed prompts or flags, or removed rows"
    return f"{output} has {_results(count, source)} other requests ({why}); changed rows are sent again"


def _results(count: int, source: RowSource) -> str:
    return f"{counted(count, 'answer')} to" if source.reader.kind is None else f"{counted(count, 'score')} of"


def _first_answer(path: Path) -> dict[str, Any]:
    """Return the first record with an answer, empty without one."""
    lines = (line for _, line, head in records_in(path) if head.ok)
    record: dict[str, Any] = jsontext.decode(next(lines, b"{}"))
    return record


def _either(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _sent_again(runs_locally: bool) -> str:  # noqa: FBT001 - the only argument
    return "sent again" if runs_locally else "sent and paid for again"


def _other_matrix(output: str, found: Sequence[str], wanted: Sequence[str]) -> UsageError:
    """Return the error of a run whose rows and the records in its output have other fields in the matrix."""
    what = f"{output} has the answers of a run {_named(found)}"
    why = f"the answers of this run, {_named(wanted)}, would be mixed with them"
    return UsageError(
        what, why, f"--restart starts over and keeps the answers as {output}.old; or choose another -o"
    )


def _named(matrix: Sequence[str]) -> str:
    return f"with --matrix {' and '.join(matrix)}" if matrix else "without --matrix"
