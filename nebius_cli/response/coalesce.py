"""Runs of tokens: frames of a stream that differ in their text alone become one Token.

A stream repeats everything in every frame: id, model, a `finish_reason` of null. Where tokens arrive faster
than one at a time, comparing a frame with the last one of its choice costs a tenth of taking it apart.
"""

from collections.abc import Iterator
from typing import Any

from nebius_cli.response.events import TextDelta

# Choices whose last frame is remembered. A server that numbers more of them is decoded without this.
MAX_CHOICES = 256


class Coalescer:
    """Takes the frames whose only news is text, and holds that text until `tokens` is asked."""

    def __init__(self) -> None:
        self._frame: dict[str, Any] = {}  # the last frame that was not taken, without its choices
        self._choices: dict[int, dict[str, Any]] = {}  # index → its choice in such a frame, without text
        self._texts: dict[int, list[str]] = {}

    def take(self, frame: dict[str, Any]) -> bool:
        """Take a frame that says nothing new but its text. Any other is left as it is, and remembered."""
        if "choices" not in frame:
            self._frame = {}
            self._choices.clear()
            return False
        choices = frame["choices"]
        frame["choices"] = None
        same = frame == self._frame
        if not same:
            self._frame = {**frame}
            self._choices.clear()
        taken = type(choices) is list and len(choices) == 1 and self._take(choices[0], frame, same=same)
        frame["choices"] = choices
        return taken

    def _take(self, choice: Any, frame: dict[str, Any], *, same: bool) -> bool:
        if type(choice) is not dict:
            return False
        text, index = choice.get("text"), choice.get("index")
        if type(text) is not str or type(index) is not int:
            return False
        choice["text"] = ""
        taken = same and choice == self._choices.get(index)
        if taken:
            self._texts.setdefault(index, []).append(text)
        elif _repeatable(frame, choice) and len(self._choices) < MAX_CHOICES:
            self._choices[index] = {**choice}
        else:
            self._choices.pop(index, None)
        choice["text"] = text
        return taken

    def tokens(self) -> Iterator[TextDelta]:
        """Yield the text that was taken since the last call, one Token a choice."""
        if self._texts:
            texts, self._texts = self._texts, {}
            yield from (
                TextDelta(index, text) for index, pieces in texts.items() if (text := "".join(pieces))
            )


def _repeatable(frame: dict[str, Any], choice: dict[str, Any]) -> bool:
    """Return whether the same frame again would add its text alone: no counts, no end, nothing that grows."""
    ends = frame.get("usage") or frame.get("error") or frame.get("detail") or choice.get("finish_reason")
    grows = any(type(value) in (list, dict) for value in choice.values())
    return not ends and not grows and choice["index"] >= 0 and frame.get("object") != "error"
