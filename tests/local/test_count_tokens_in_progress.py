"""Counts the tokens that the real engine has generated for incomplete answers."""

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from nebius_cli.local.count_tokens_in_progress import INTERVAL_S, TokensInProgress
from nebius_cli.local.start_llama_cpp_server import Engine
from tests.support.weights import real_weights

pytestmark = pytest.mark.engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(Path(real_weights())) as started:
        started.ready()
        yield started


class Clock:
    """A clock that advances by one interval at each call."""

    now = 0.0

    def __call__(self) -> float:
        self.now += INTERVAL_S
        return self.now


def test_the_tokens_of_an_answer_count_until_it_is_complete(engine: Engine) -> None:
    count, done = TokensInProgress(engine, Clock()), threading.Event()
    assert count() == 0

    def ask() -> None:
        body = {"prompt": "Once", "max_tokens": 60, "ignore_eos": True}
        key = {"Authorization": f"Bearer {engine.key.reveal()}", "Content-Type": "application/json"}
        url = f"{engine.base_url}/completions"
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), key)):
            done.set()

    asking = threading.Thread(target=ask)
    asking.start()
    seen = []
    while not done.is_set():
        seen.append(count())
        time.sleep(0.01)
    asking.join()
    assert 0 < max(seen) <= 60
    assert count() == 0


def test_the_count_is_updated_once_per_interval_and_is_0_without_an_engine(engine: Engine) -> None:
    now = 5.0
    count = TokensInProgress(engine, lambda: now)
    assert count() == 0
    engine.stop()
    assert count() == 0
    now += INTERVAL_S
    assert count() == 0
