"""Finds out whether a server accepts several prompts per request. Pure."""

from dataclasses import dataclass

ONE_AT_A_TIME = "the server does not accept several prompts per request: sending one at a time"


@dataclass(slots=True)
class SplitGroup:
    """Prompts whose common request failed; `unanswered` counts those without an answer of their own."""

    unanswered: int


class PromptsPerRequest:
    """What the answers so far show.

    The server accepts single prompts only if a request for several failed, each of its prompts was then
    answered alone, and no request for several ever was answered.
    """

    def __init__(self) -> None:
        self.accepts_several = False  # a request for several prompts was answered

    def answered(self, count: int, origin: SplitGroup | None) -> bool:
        """Note an answer to `count` prompts; return whether it shows that the server accepts only one.

        `origin` is the group that these prompts were split from, if they were.
        """
        self.accepts_several = self.accepts_several or count > 1
        if origin is None or count > 1:
            return False
        origin.unanswered -= 1
        return not origin.unanswered and not self.accepts_several
