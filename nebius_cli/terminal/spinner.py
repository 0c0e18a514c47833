"""The sign on stderr that nbx waits for the server, with the time that has passed.

Drawn by hand: importing rich would take longer than many answers, on the very thread that waits for one.
"""

import threading

from nebius_cli.system.streams import Streams

FIRST_SIGN = 0.3  # seconds; a fast answer shows none
BEAT = 0.1
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_FRAMES = "|/-\\"  # the font of Linux's own console has no Braille


def spinner_frame(seconds: float, note: str, streams: Streams) -> str:
    """Return the sign after so many seconds, no longer than the terminal is wide."""
    frames = _PLAIN_FRAMES if streams.environ.get("TERM") == "linux" else _FRAMES
    frame = frames[round(seconds / BEAT) % len(frames)]
    return f"{frame} {note} {seconds:.1f} s"[: max(0, streams.width - 1)]


class Spinner:
    """Shows the sign between `start` and `stop`, if `enabled`. Both may be called at any time."""

    def __init__(self, streams: Streams, *, enabled: bool) -> None:
        self._streams = streams
        self._enabled = enabled
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self.note = ""

    def start(self, note: str) -> None:
        """Begin to wait."""
        self.stop()
        self.note = note
        if self._enabled:
            self._stopped.clear()
            self._thread = threading.Thread(target=self._draw, name="nbx-waiting", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Wipe the sign away; when this returns nothing more is drawn."""
        thread = self._thread
        if thread is not None:
            self._stopped.set()
            thread.join()
            self._thread = None

    def _draw(self) -> None:
        started = self._streams.monotonic()
        if self._stopped.wait(FIRST_SIGN):
            return
        while not self._stopped.wait(BEAT):
            self._streams.write_sign(
                spinner_frame(self._streams.monotonic() - started, self.note, self._streams)
            )
        self._streams.write_sign("")
