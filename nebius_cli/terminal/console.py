"""How a run speaks: its answer on stdout, and what there is to say about it on stderr."""

from collections.abc import Collection, Sequence

from nebius_cli.core import jsontext
from nebius_cli.core.errors import NbxError
from nebius_cli.system.streams import Streams
from nebius_cli.terminal import messages
from nebius_cli.terminal.capabilities import draws, use_color
from nebius_cli.terminal.sanitize import to_bytes, visible, visible_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nebius_cli.terminal.tables import Cells


class Console:
    """Writes for one run; what comes from elsewhere cannot drive a terminal that it is written to."""

    def __init__(self, streams: Streams, color: str, *, quiet: bool, verbose: bool) -> None:
        self.streams = streams
        self._quiet = quiet
        self._verbose = verbose
        self.color_err = use_color(streams, color, tty=streams.stderr_tty)
        self.color_out = use_color(streams, color, tty=streams.stdout_tty)
        self.draws_err = draws(streams, tty=streams.stderr_tty)
        self.draws_out = draws(streams, tty=streams.stdout_tty)

    def write(self, text: str) -> None:
        """Put text on stdout: exactly, or on a terminal so that it cannot drive it."""
        if self.streams.stdout_tty:
            text = visible(text)
        try:
            data = text.encode("utf-8", "surrogateescape")  # a file's name need not be text
        except UnicodeEncodeError:
            data = to_bytes(text)
        self.streams.write_out(data)

    def write_json(self, value: object) -> None:
        """Put a JSON value on stdout, a line; on a terminal so that it says the same and cannot drive it."""
        self.put_json(jsontext.encode(value) + b"\n")

    def put_json(self, data: bytes) -> None:
        """Put JSON on stdout: exactly, or on a terminal as `write_json` does."""
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
        err: bool = False,
    ) -> None:
        """Put a table on stdout, or on stderr: drawn for a person, lines with tabs for a program."""
        from nebius_cli.terminal.tables import write_table

        def write(data: bytes) -> None:
            self.streams.write_err(data.decode("utf-8"))

        write_table(
            *(header, rows, write if err else self.streams.write_out, self.streams),
            drawn=self.draws_err if err else self.draws_out,
            color=self.color_err if err else self.color_out,
            numbers=numbers,
            total=total,
        )

    def report(self, failures: Sequence[NbxError]) -> None:
        """Say what failed beside what was done, --quiet or not."""
        for failure in failures:
            messages.report(failure, self.streams, color=self.color_err)

    def log(self, text: str) -> None:
        """Say what happens on the wire, with --verbose."""
        if self._verbose:
            messages.note(text, self.streams)

    def note(self, text: str) -> None:
        """Say what happens, unless --quiet."""
        if not self._quiet:
            messages.note(text, self.streams)

    def warn(self, text: str) -> None:
        """Say what is doubtful, unless --quiet."""
        if not self._quiet:
            messages.warn(text, self.streams, color=self.color_err)
