"""Merges stream frames that differ only in their text into one TextDelta, which is faster to process.

A stream repeats the id, the model and a null `finish_reason` in every frame. When several frames arrive at
once, comparing a frame with the previous one of its choice costs a tenth of decoding it.
"""

from collections.abc import Iterator
from typing import Any

from nebius_cli.response.answer_events import Repeats, TextDelta

# Choices whose last frame is stored; frames of further choices are decoded one by one.
MAX_CHOICES = 256


class Coalescer:
    """Collects the text of frames that add only text, until `events` is called.

    With `every_frame`, it also yields Repeats, from which each frame can be restored.
    """

    def __init__(self, *, every_frame: bool = False) -> None:
        self._every_frame = every_frame
        self._repeats: list[tuple[int, Repeats]] = []  # with the index of the choice
        self._frame: dict[str, Any] = {}  # the last frame that was decoded, without its choices
        self._choices: dict[int, dict[str, Any]] = {}  # index → its choice in that frame, without text
        self._texts: dict[int, list[str]] = {}

    def try_join(self, frame: dict[str, Any]) -> bool:
        """Take a frame that adds only text, and return True; otherwise store the frame for comparison."""
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
            if self._every_frame:
                self._repeat(index, text)
        elif _repeatable(frame, choice) and len(self._choices) < MAX_CHOICES:
            self._choices[index] = {**choice}
        else:
            self._choices.pop(index, None)
        choice["text"] = text
        return taken

    def _repeat(self, index: int, text: str) -> None:
        if not self._repeats or self._repeats[-1][0] != index:
            frame = {**self._frame, "choices": [self._choices[index]]}
            self._repeats.append((index, Repeats(frame, [])))
        self._repeats[-1][1].texts.append(text)

    def events(self) -> Iterator[Repeats | TextDelta]:
        """Yield what was collected since the last call: the frames in order, and one TextDelta per choice."""
        if self._repeats:
            repeats, self._repeats = self._repeats, []
            yield from (repeated for _, repeated in repeats)
        if self._texts:
            texts, self._texts = self._texts, {}
            yield from (
                TextDelta(index, text) for index, pieces in texts.items() if (text := "".join(pieces))
            )


def _repeatable(frame: dict[str, Any], choice: dict[str, Any]) -> bool:
    """Return whether an equal frame would add only text: no usage, error, finish reason or list to append."""
    ends = frame.get("usage") or frame.get("error") or frame.get("detail") or choice.get("finish_reason")
    grows = any(type(value) in (list, dict) for value in choice.values())
    return not ends and not grows and choice["index"] >= 0 and frame.get("object") != "error"
