"""Passages are sent several per request, and one by one if that fails."""

from collections.abc import Sequence

import pytest

from nebius_cli.core.errors_and_exit_codes import (
    AuthError,
    BadInputError,
    IncompleteError,
    NbxError,
    RejectedError,
    ServerError,
)
from nebius_cli.scoring.likelihood_and_perplexity import NoEchoError, Passage, Score
from nebius_cli.scoring.score_in_groups import score_in_groups

PASSAGES = [Passage(name) for name in "abcde"]


class Server:
    """Scores passages; fails with `arrays` for several at once, and with `unfit[text]` for that text."""

    def __init__(self, arrays: NbxError | None = None, unfit: dict[str, NbxError] | None = None) -> None:
        self.arrays = arrays
        self.unfit = unfit or {}
        self.asked: list[str] = []
        self.notes: list[str] = []

    def score(self, passages: Sequence[Passage]) -> list[Score | NbxError]:
        self.asked.append("".join(passage.text for passage in passages))
        if len(passages) > 1 and self.arrays:
            raise self.arrays
        for passage in passages:
            error = self.unfit.get(passage.text)
            if error is not None and not isinstance(error, NoEchoError):
                raise error
        return [
            self.unfit.get(passage.text) or Score((), -float(ord(passage.text)), 1, 1, 0, "", 0)
            for passage in passages
        ]


def totals(server: Server, at_once: int) -> list[float | str]:
    found = score_in_groups(PASSAGES, at_once, server.score, server.notes.append)
    return [score.what if isinstance(score, NbxError) else score.log_likelihood for score in found]


def test_several_passages_are_sent_per_request_and_returned_in_order() -> None:
    server = Server()
    assert totals(server, 2) == [-97.0, -98.0, -99.0, -100.0, -101.0]
    assert (server.asked, server.notes) == (["ab", "cd", "e"], [])


@pytest.mark.parametrize(
    "error",
    [RejectedError("no arrays", status=400), IncompleteError("one came"), ServerError("no", status=500)],
)
def test_if_arrays_are_refused_passages_are_sent_alone_with_one_note(error: NbxError) -> None:
    server = Server(arrays=error)
    assert totals(server, 3) == [-97.0, -98.0, -99.0, -100.0, -101.0]
    assert server.asked == ["abc", "a", "b", "c", "d", "e"]
    assert server.notes == ["the server does not accept several prompts per request: sending one at a time"]


def test_a_server_that_has_accepted_one_array_is_sent_arrays_until_the_end() -> None:
    server = Server()
    found = score_in_groups(PASSAGES * 2, 3, server.score, server.notes.append)
    next(found)
    server.arrays = ServerError("busy", status=500)
    assert len(list(found)) == 9
    assert server.asked == ["abc", "dea", "d", "e", "a", "bcd", "b", "c", "d", "e"]
    assert server.notes == []


@pytest.mark.parametrize(
    "error", [BadInputError("unfit"), RejectedError("unfit", status=400), ServerError("unfit", status=500)]
)
def test_a_passage_that_is_refused_does_not_fail_the_others(error: NbxError) -> None:
    for name, index in (("a", 0), ("b", 1)):
        server = Server(unfit={name: error})
        expected: list[float | str] = [-97.0, -98.0, -99.0, -100.0, -101.0]
        expected[index] = "unfit"
        assert totals(server, 3) == expected
        assert (server.asked, server.notes) == (["abc", "a", "b", "c", "de"], [])


def test_a_passage_that_is_not_echoed_does_not_fail_the_others() -> None:
    assert totals(Server(unfit={"a": NoEchoError("none")}), 5)[:2] == ["none", -98.0]
    assert totals(Server(unfit={"e": NoEchoError("none")}), 1)[3:] == [-100.0, "none"]


@pytest.mark.parametrize("error", [AuthError("no key"), RejectedError("", status=404)])
def test_an_error_that_concerns_every_passage_is_raised_at_once(error: NbxError) -> None:
    server = Server(arrays=error)
    with pytest.raises(type(error)):
        totals(server, 5)
    assert server.asked == ["abcde"]


def test_a_server_that_is_down_is_not_sent_every_passage() -> None:
    server = Server(unfit=dict.fromkeys("abcde", ServerError("down", status=500)))
    with pytest.raises(ServerError, match="down"):
        totals(server, 5)
    assert server.asked == ["abcde", "a", "b"]


def test_a_server_without_echo_ends_the_run_after_the_first_passages() -> None:
    server = Server(unfit=dict.fromkeys("abcde", NoEchoError("no echo")))
    with pytest.raises(NoEchoError, match="no echo"):
        totals(server, 1)
    assert server.asked == ["a", "b", "c"]
