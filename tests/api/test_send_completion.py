"""One exchange: measured times do not include the time that nbx itself spends."""

import io

from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.api.send_completion import Exchange, Hooks
from nebius_cli.request.request_body import CompletionRequest
from nebius_cli.response.answer_events import Event
from nebius_cli.system.streams import Streams
from tests.support.calls import connect
from tests.support.server import FakeServer, answer


def test_the_time_of_the_first_token_is_when_its_bytes_arrived(server: FakeServer) -> None:
    server.script(answer("text"))
    clock = [0.0]

    def draw(event: Event) -> None:
        del event
        clock[0] += 5  # like importing the renderer

    err = io.BytesIO()
    streams = Streams(None, io.BytesIO(), err, environ={}, monotonic=lambda: clock[0])
    hooks = Hooks(draw, lambda: None, lambda _: None, lambda: True)
    request = CompletionRequest("x", {"model": "m", "stream": True})
    exchange = Exchange(connect(server.url), request, Limits(0, 0, 0, 0), streams, hooks)
    exchange.run()
    assert clock[0] > 5
    assert exchange.first_token_at == 0
