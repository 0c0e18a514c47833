"""Shows on stderr what nbx is waiting for and for how long, drawn by rich."""

import threading

from nebius_cli.system.streams import Streams
from nebius_cli.terminal.import_while_waiting import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.text import Text

SPINNER_DELAY_S = 0.3  # no spinner is shown if the answer arrives sooner
SPINNER_INTERVAL_S = 0.1  # between two drawings


def spinner_text(seconds: float, note: str, streams: Streams) -> "Text":
    """Return the text of the spinner after this many seconds, narrower than the terminal."""
    from rich.spinner import Spinner as RichSpinner
    from rich.text import Text

    # The font of the Linux console has no Braille.
    name = "line" if streams.environ.get("TERM") == "linux" else "dots"
    spinner = RichSpinner(name)
    spinner.start_time = 0.0
    text = Text.assemble(spinner.render(seconds), f" {note} {seconds:.1f} s")  # type: ignore[arg-type]
    text.truncate(max(0, streams.width - 1))
    return text


class Spinner:
    """Shows a spinner between `start` and `stop`, if `enabled`. Both may be called at any time."""

    def __init__(self, streams: Streams, *, enabled: bool) -> None:
        self._streams = streams
        self._enabled = enabled
        self._lock = threading.Lock()  # held while the spinner is drawn
        self._stopped: threading.Event | None = None
        self.note = ""

    def start(self, note: str) -> None:
        """Show the spinner with `note`, which names what nbx is waiting for."""
        self.stop()
        self.note = note
        if self._enabled:
            self._stopped = threading.Event()
            # Not a daemon, for the same reason as in `preload`.
            threading.Thread(target=self._run, args=(self._stopped,), name="nbx-spinner").start()

    def stop(self) -> None:
        """Remove the spinner; nothing more is drawn once this returns."""
        if self._stopped is None:
            return
        # Do not join the thread: it may be importing rich, and the answer must not wait for that.
        with self._lock:
            self._stopped.set()
            self._stopped = None
            self._streams.write_status("")

    def _run(self, stopped: threading.Event) -> None:
        started = self._streams.monotonic()
        if stopped.wait(SPINNER_DELAY_S):
            return
        load(("nebius_cli.terminal.rich_console", "rich.spinner"))
        from nebius_cli.terminal.rich_console import rich_console

        console = rich_console(
            lambda data: self._streams.write_status(data.decode("utf-8")), self._streams, color=False
        )
        while not stopped.is_set() and threading.main_thread().is_alive():
            text = spinner_text(self._streams.monotonic() - started, self.note, self._streams)
            with self._lock:
                if not stopped.is_set():
                    console.print(text, end="", soft_wrap=True)
            stopped.wait(SPINNER_INTERVAL_S)
