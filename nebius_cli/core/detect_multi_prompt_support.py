"""Finds out whether a server accepts several prompts per request."""

from dataclasses import dataclass

ONE_AT_A_TIME = "the server does not accept several prompts per request: sending one at a time"


@dataclass(slots=True)
class SplitGroup:
    """The prompts of a request that failed; `unanswered` counts those not yet answered one by one."""

    unanswered: int


class PromptsPerRequest:
    """Decides from the answers so far whether the server accepts several prompts per request.

    The server accepts only single prompts if a request with several failed, each of its prompts was then
    answered alone, and no request with several prompts was ever answered.
    """

    def __init__(self) -> None:
        self.accepts_several = False  # a request with several prompts was answered

    def answered(self, count: int, origin: SplitGroup | None) -> bool:
        """Record an answer to `count` prompts; return whether it shows that the server accepts only one.

        `origin` is the group that these prompts were split from, if they were.
        """
        self.accepts_several = self.accepts_several or count > 1
        if origin is None or count > 1:
            return False
        origin.unanswered -= 1
        return not origin.unanswered and not self.accepts_several
