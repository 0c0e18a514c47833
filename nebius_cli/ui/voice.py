"""How a run speaks: its answer on stdout, and what there is to say about it on stderr."""

from nebius_cli.adapters.streams import Streams
from nebius_cli.core import jsontext
from nebius_cli.ui import problems
from nebius_cli.ui.renderer import use_color
from nebius_cli.ui.safe import to_bytes, visible, visible_json


class Voice:
    """Writes for one run; what comes from elsewhere cannot drive a terminal that it is written to."""

    def __init__(self, streams: Streams, color: str, *, quiet: bool, verbose: bool) -> None:
        self.streams = streams
        self._quiet = quiet
        self._verbose = verbose
        self.color_err = use_color(streams, color, tty=streams.stderr_tty)
        self.color_out = use_color(streams, color, tty=streams.stdout_tty)

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
        text = jsontext.encode(value).decode("utf-8")
        self.write((visible_json(text) if self.streams.stdout_tty else text) + "\n")

    def log(self, text: str) -> None:
        """Say what happens on the wire, with --verbose."""
        if self._verbose:
            problems.note(text, self.streams)

    def note(self, text: str) -> None:
        """Say what happens, unless --quiet."""
        if not self._quiet:
            problems.note(text, self.streams)

    def warn(self, text: str) -> None:
        """Say what is doubtful, unless --quiet."""
        if not self._quiet:
            problems.warn(text, self.streams, color=self.color_err)
