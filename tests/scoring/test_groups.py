"""Passages go out together, and one by one where that fails."""

from collections.abc import Sequence

import pytest

from nebius_cli.core.errors import AuthError, BadInputError, IncompleteError, NbxError, RejectedError
from nebius_cli.scoring.groups import score_in_groups
from nebius_cli.scoring.likelihood import Passage, Score

PASSAGES = [Passage(name) for name in "abcde"]


class Server:
    """Scores passages, but no array where `arrays` is an error, and not those that are named in `unfit`."""

    def __init__(self, arrays: NbxError | None = None, unfit: str = "") -> None:
        self.arrays = arrays
        self.unfit = unfit
        self.asked: list[str] = []

    def score(self, passages: Sequence[Passage]) -> list[Score]:
        self.asked.append("".join(passage.text for passage in passages))
        if len(passages) > 1 and self.arrays:
            raise self.arrays
        if any(passage.text in self.unfit for passage in passages):
            raise BadInputError("it does not fit")
        return [Score((), -float(ord(passage.text)), 1, 1, 0, "") for passage in passages]


def totals(server: Server, at_once: int) -> list[float | str]:
    found = score_in_groups(PASSAGES, server.score, at_once)
    return [score.what if isinstance(score, NbxError) else score.log_likelihood for score in found]


def test_several_go_out_at_once_and_come_back_in_order() -> None:
    server = Server()
    assert totals(server, 2) == [-97.0, -98.0, -99.0, -100.0, -101.0]
    assert server.asked == ["ab", "cd", "e"]


@pytest.mark.parametrize("error", [RejectedError("no arrays", status=400), IncompleteError("one came")])
def test_without_arrays_each_goes_out_alone(error: NbxError) -> None:
    server = Server(arrays=error)
    assert totals(server, 3) == [-97.0, -98.0, -99.0, -100.0, -101.0]
    assert server.asked == ["abc", "a", "b", "c", "de", "d", "e"]


def test_one_that_does_not_fit_takes_no_other_with_it() -> None:
    assert totals(Server(unfit="b"), 5) == [-97.0, "it does not fit", -99.0, -100.0, -101.0]


@pytest.mark.parametrize(
    "error", [AuthError("no key"), RejectedError("no echo"), RejectedError("", status=404)]
)
def test_what_is_wrong_with_all_of_them_is_raised_at_once(error: NbxError) -> None:
    server = Server(arrays=error)
    with pytest.raises(type(error)):
        totals(server, 5)
    assert server.asked == ["abcde"]
