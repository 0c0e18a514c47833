"""Items over real sockets: the values of their answers, and requests in the second form."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.senders.api_sender import ApiSender
from tests.support.bulk import completed, make_row
from tests.support.item_rows import WordRows
from tests.support.server import Reply, Request, status
from tests.support.service import Respond, Run, Service, good_answer, kept_open


def items(*texts: str) -> list[Row]:
    found = [WordRows.of(text) for text in texts]
    return [
        replace(
            make_row(index),
            prompt=item.prompts if len(item.prompts) > 1 else item.prompts[0],
            body=json.dumps({"model": "m", "prompt": item.prompts[0]}).encode(),
            item=item,
            part_count=len(item.prompts),
        )
        for index, item in enumerate(found)
    ]


class ItemRun(Run):
    """A run whose rows are items of words."""

    def __init__(self, service: Service, rows: list[Row] | Iterator[Row | None], **more: Any) -> None:
        super().__init__(service, rows, **more)
        self.pool._sender = ApiSender(self.api, WordRows())

    def values(self) -> list[tuple[int, int, Any]]:
        return sorted(
            (result.row.index, result.row.part, result.error.what if result.error else result.response)
            for result in self.results
        )


def test_each_part_gets_its_own_value(serve: Callable[[Respond], Service]) -> None:
    service = serve(lambda request, _: good_answer(request))
    run = ItemRun(service, items("a", "b c", "d"), group=3)
    run.go()
    assert run.values() == [(0, 0, "A!"), (1, 0, "B!"), (1, 1, "C!"), (2, 0, "D!")]
    assert sorted(str(request.json["prompt"]) for request in service.requests) == ["['a', 'b', 'c']", "d"]


def ignoring(request: Request, number: int) -> Reply:
    """Answer requests in the first form with text that the item does not accept."""
    del number
    answer = completed(request.body)
    if "again" not in request.json:
        for choice in answer["choices"]:
            choice["text"] = "?"
    return kept_open(json.dumps(answer).encode())


def refusing(request: Request, number: int) -> Reply:
    del number
    return good_answer(request) if "again" in request.json else status(400, b'{"detail": "fall back"}')


@pytest.mark.parametrize("respond", [ignoring, refusing])
def test_requests_in_the_second_form_have_one_prompt_each(
    serve: Callable[[Respond], Service], respond: Respond
) -> None:
    service = serve(respond)
    run = ItemRun(service, items("a b", "c d", "e f"), group=2, fixed=2)
    run.go()
    assert [value for *_, value in run.values()] == ["A!", "B!", "C!", "D!", "E!", "F!"]
    again = [request.json for request in service.requests if "again" in request.json]
    assert sorted(body["prompt"] for body in again) == list("abcdef")


def test_a_row_fails_if_the_second_form_is_refused_too(serve: Callable[[Respond], Service]) -> None:
    service = serve(lambda *_: status(400, b'{"detail": "fall back"}'))
    run = ItemRun(service, items("a"))
    run.go()
    assert run.values() == [(0, 0, "the server answered 400")]
    assert len(service.requests) == 2
