"""`--json`: the API's own response as one object. `--ndjson`: each object of the stream as it arrives."""

from collections.abc import Mapping
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.render.output_options import Mode
from nebius_cli.response.answer_builder import Completion
from nebius_cli.response.events import Event, Frame
from nebius_cli.terminal.capabilities import Write
from nebius_cli.terminal.sanitize import visible_json


class JsonOutput:
    """Writes JSON: on a terminal indented and safe to show, else one line per object."""

    def __init__(self, write: Write, mode: Mode, *, terminal: bool) -> None:
        self._write = write
        self._mode = mode
        self._terminal = terminal
        self._frames = 0
        self._only: Mapping[str, Any] = {}

    def event(self, event: Event) -> None:
        """Write a frame (NDJSON), or keep it in case it is the only one (JSON)."""
        if isinstance(event, Frame):
            self._frames += 1
            self._only = event.payload
            if self._mode is Mode.NDJSON:
                self._put(event.payload)

    def finish(self, completion: Completion) -> None:
        """Write the response (JSON): as the server sent it in one piece, or put together from its frames."""
        if self._mode is Mode.JSON and self._frames:
            self._put(self._only if self._frames == 1 else completion.to_json())

    def _put(self, value: Mapping[str, Any]) -> None:
        try:
            data = jsontext.encode(value, indent=2 if self._terminal and self._mode is Mode.JSON else None)
        except ValueError:  # a server sent NaN, which JSON does not have; null takes its place
            data = jsontext.encode(jsontext.replace_nan(value))
        if self._terminal:
            data = visible_json(data.decode("utf-8")).encode("utf-8")
        self._write(data + b"\n")
