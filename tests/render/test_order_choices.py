"""Turning frames of several choices, in any order, into complete choices one after another."""

from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.render.order_choices import NEXT_CHOICE, TextOrder
from nebius_cli.response.answer_events import Event, Finished, Frame, TextDelta


def pieces(choices: int, *events: Event, cut: bool = False) -> list[str | None]:
    """Return all pieces that are written; without `cut`, text held at the end is an error."""
    order = TextOrder(choices)
    out = [piece for event in events for piece in order.add(event)]
    rest = list(order.flush())
    assert cut or not rest
    return out + rest


def test_the_first_choice_passes_at_once_and_the_second_waits_for_its_end() -> None:
    order = TextOrder(2)
    assert list(order.add(TextDelta(1, "b"))) == []
    assert list(order.add(TextDelta(0, "a"))) == ["a"]
    assert list(order.add(Finished(0, "stop"))) == [NEXT_CHOICE, "b"]
    assert list(order.add(TextDelta(1, "c"))) == ["c"]


def test_a_choice_that_finished_while_waiting_is_written_completely() -> None:
    early = (TextDelta(1, "b"), Finished(1, "stop"), TextDelta(2, "c"))
    assert pieces(3, *early, TextDelta(0, "a"), Finished(0, "stop")) == [
        "a",
        NEXT_CHOICE,
        "b",
        NEXT_CHOICE,
        "c",
    ]


def test_choices_without_text_are_not_skipped() -> None:
    assert pieces(3, *(Finished(index, "stop") for index in range(3))) == [NEXT_CHOICE, NEXT_CHOICE]


def test_text_held_when_the_stream_is_cut_off_is_written_in_order() -> None:
    assert pieces(3, TextDelta(2, "c"), TextDelta(0, "a"), cut=True) == ["a", NEXT_CHOICE, NEXT_CHOICE, "c"]


def test_an_unrequested_choice_is_not_lost() -> None:
    assert pieces(1, TextDelta(0, "a"), TextDelta(1, "more"), cut=True) == ["a", NEXT_CHOICE, "more"]


def test_other_events_write_nothing() -> None:
    assert pieces(1, Frame({})) == []


def test_half_a_surrogate_pair_waits_for_its_other_half() -> None:
    order = TextOrder(1)
    assert list(order.add(TextDelta(0, "a\ud83d"))) == ["a"]
    assert list(order.add(TextDelta(0, "\ude00b"))) == ["\ud83d\ude00b"]


def test_an_unpaired_surrogate_is_not_lost() -> None:
    order = TextOrder(2)
    assert list(order.add(TextDelta(0, "a\ud83d"))) == ["a"]
    assert list(order.add(Finished(0, "stop"))) == ["\ud83d", NEXT_CHOICE]
    assert list(order.add(TextDelta(1, "\ud83d"))) == []
    assert list(order.flush()) == ["\ud83d"]


@given(st.data())
def test_any_order_of_frames_gives_the_same_text(data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.lists(st.text(max_size=3), max_size=4), min_size=1, max_size=4))
    waiting: list[list[Event]] = [
        [*(TextDelta(index, text) for text in tokens), Finished(index, "stop")]
        for index, tokens in enumerate(texts)
    ]
    events: list[Event] = []
    while any(waiting):
        queue = data.draw(st.sampled_from([queue for queue in waiting if queue]))
        events.append(queue.pop(0))
    out = pieces(len(texts), *events, cut=True)
    assert "".join("|" if piece is NEXT_CHOICE else piece.replace("|", "/") for piece in out) == "|".join(
        "".join(tokens).replace("|", "/") for tokens in texts
    )
