"""Writes the output of a run: results on stdout, messages on stderr."""

from collections.abc import Collection, Mapping, Sequence

from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import NbxError
from nebius_cli.system.streams import Streams
from nebius_cli.terminal import messages
from nebius_cli.terminal.color_support import draws, use_color
from nebius_cli.terminal.sanitize import to_bytes, visible, visible_json

TYPE_CHECKING = False
if TYPE_CHECKING:  # a run that writes no table does not import it
    from nebius_cli.terminal.write_table import Cells


class Console:
    """The output of one run. Nothing that it writes to a terminal can control that terminal."""

    def __init__(self, streams: Streams, color: str, *, quiet: bool, verbose: bool) -> None:
        self.streams = streams
        self.quiet = quiet
        self._verbose = verbose
        self.color_err = use_color(streams, color, tty=streams.stderr_tty)
        self.color_out = use_color(streams, color, tty=streams.stdout_tty)
        self.draws_err = draws(streams, tty=streams.stderr_tty)
        self.draws_out = draws(streams, tty=streams.stdout_tty)

    def write(self, text: str) -> None:
        """Write text to stdout: unchanged, or on a terminal with control characters made visible."""
        if self.streams.stdout_tty:
            text = visible(text)
        try:
            data = text.encode("utf-8", "surrogateescape")  # a file name need not be valid text
        except UnicodeEncodeError:
            data = to_bytes(text)
        self.streams.write_out(data)

    def write_json(self, value: object) -> None:
        """Write a JSON value to stdout, as one line; on a terminal with control characters escaped."""
        self.put_json(jsontext.encode(value) + b"\n")

    def put_json(self, data: bytes) -> None:
        """Write JSON to stdout: unchanged, or on a terminal with control characters escaped."""
        if self.streams.stdout_tty:
            data = visible_json(data.decode("utf-8", "replace")).encode("utf-8")
        self.streams.write_out(data)

    def write_table(
        self,
        header: "Cells",
        rows: "Sequence[Cells]",
        *,
        numbers: Collection[str] = (),
        total: "Cells" = (),
        styles: Mapping[str, str] | None = None,
        stacked: bool = False,
        err: bool = False,
    ) -> None:
        """Write a table to stdout, or to stderr: drawn on a terminal, else tab-separated lines."""
        from nebius_cli.terminal.write_table import TableStyle, write_table

        def write(data: bytes) -> None:
            self.streams.write_err(data.decode("utf-8"))

        write_table(
            *(header, rows, write if err else self.streams.write_out, self.streams),
            TableStyle(numbers, total, styles or {}, stacked),
            drawn=self.draws_err if err else self.draws_out,
            color=self.color_err if err else self.color_out,
        )

    def report(self, failures: Sequence[NbxError]) -> None:
        """Write errors that did not stop the run, even with --quiet."""
        for failure in failures:
            messages.report(failure, self.streams, color=self.color_err)

    def log(self, text: str) -> None:
        """Write details, such as those of a request, only with --verbose."""
        if self._verbose:
            messages.note(text, self.streams)

    def note(self, text: str) -> None:
        """Write a note, unless --quiet."""
        if not self.quiet:
            messages.note(text, self.streams)

    def warn(self, text: str) -> None:
        """Write a warning, unless --quiet."""
        if not self.quiet:
            messages.warn(text, self.streams, color=self.color_err)
