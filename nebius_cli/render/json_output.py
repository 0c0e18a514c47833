"""Writes `--json` (the API's response as one object) and `--ndjson` (each object as it arrives)."""

from collections.abc import Iterator, Mapping
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.render.output_options import Mode
from nebius_cli.response.answer_events import Event, Frame, Repeats
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.system.streams import Write
from nebius_cli.terminal.sanitize import visible_json

_MARK = "\0é\0"  # placeholder for a text; not ASCII, so that a frame that has to be ASCII is noticed


class JsonOutput:
    """Writes JSON: on a terminal indented and safe to show, else one line per object."""

    def __init__(self, write: Write, mode: Mode, *, terminal: bool) -> None:
        self._write = write
        self._mode = mode
        self._terminal = terminal
        self._frames = 0
        self._only: Mapping[str, Any] = {}

    def event(self, event: Event) -> None:
        """Write frames (NDJSON), or keep one in case it is the only one (JSON)."""
        if isinstance(event, Frame):
            self._frames += 1
            self._only = event.payload
            if self._mode is Mode.NDJSON:
                self._write(self._line(event.payload))
        elif isinstance(event, Repeats):
            self._frames += len(event.texts)
            if self._mode is Mode.NDJSON:
                self._write(b"".join(self._lines(event)))

    def finish(self, completion: Completion) -> None:
        """Write the response (JSON): as the server sent it in one piece, or put together from its frames."""
        if self._mode is Mode.JSON and self._frames:
            self._write(self._line(self._only if self._frames == 1 else completion.to_json()))

    def _lines(self, repeats: Repeats) -> Iterator[bytes]:
        """Yield the line of each frame. The parts that they have in common are encoded only once."""
        around = self._line(_with_text(repeats.frame, _MARK)).split(jsontext.encode(_MARK))
        for text in repeats.texts:
            encoded = jsontext.encode(text)
            # A lone surrogate makes its whole line ASCII; on a terminal, the whole line is made safe.
            if self._terminal or len(around) != 2 or (encoded.isascii() and not text.isascii()):
                yield self._line(_with_text(repeats.frame, text))
            else:
                yield encoded.join(around)

    def _line(self, value: Mapping[str, Any]) -> bytes:
        try:
            data = jsontext.encode(value, indent=2 if self._terminal and self._mode is Mode.JSON else None)
        except ValueError:  # a server sent NaN, which JSON does not have; null replaces it
            data = jsontext.encode(jsontext.replace_nan(value))
        if self._terminal:
            data = visible_json(data.decode("utf-8")).encode("utf-8")
        return data + b"\n"


def _with_text(frame: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {**frame, "choices": [{**frame["choices"][0], "text": text}]}
