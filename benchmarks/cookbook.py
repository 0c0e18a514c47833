"""A loop that works as the parallel request processor of OpenAI's cookbook does, written anew.

One loop looks every millisecond whether the limits have room for another request. Each request is a task that
goes back to a queue when it fails; its answer is appended to a file that is opened for it.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp

REQUESTS_A_MINUTE, TOKENS_A_MINUTE = 1e6, 1e9
ATTEMPTS = 5
PAUSE_S = 0.001

Work = tuple[Any, bytes, int]  # the id and the body of a row, and the attempts that are left


class Processor:
    """Sends rows to an address and appends what is answered to `target`."""

    def __init__(self, address: str, headers: Mapping[str, str], target: Path) -> None:
        self._address = address
        self._headers = headers
        self._target = target
        self._retries: asyncio.Queue[Work] = asyncio.Queue()
        self._in_progress = 0
        self._requests, self._tokens = REQUESTS_A_MINUTE, TOKENS_A_MINUTE
        self._refilled_at = time.time()

    async def run(self, rows: Iterator[tuple[Any, bytes]], concurrency: int) -> None:
        """Return when every row has its answer."""
        tasks: set[asyncio.Task[None]] = set()
        upcoming: Work | None = None
        connector = aiohttp.TCPConnector(limit=concurrency)
        async with aiohttp.ClientSession(connector=connector) as session:
            while True:
                upcoming = upcoming or self._next(rows)
                self._refill()
                if upcoming is not None and self._has_room(upcoming[1]):
                    tasks.add(task := asyncio.create_task(self._call(session, *upcoming)))
                    task.add_done_callback(tasks.discard)
                    upcoming = None
                if not self._in_progress:
                    return
                await asyncio.sleep(PAUSE_S)

    def _next(self, rows: Iterator[tuple[Any, bytes]]) -> Work | None:
        if not self._retries.empty():
            return self._retries.get_nowait()
        if (row := next(rows, None)) is None:
            return None
        self._in_progress += 1
        return (*row, ATTEMPTS)

    def _refill(self) -> None:
        now = time.time()
        minutes, self._refilled_at = (now - self._refilled_at) / 60, now
        self._requests = min(self._requests + REQUESTS_A_MINUTE * minutes, REQUESTS_A_MINUTE)
        self._tokens = min(self._tokens + TOKENS_A_MINUTE * minutes, TOKENS_A_MINUTE)

    def _has_room(self, body: bytes) -> bool:
        tokens = len(body) // 4 + 16
        if self._requests < 1 or self._tokens < tokens:
            return False
        self._requests -= 1
        self._tokens -= tokens
        return True

    async def _call(self, session: aiohttp.ClientSession, row_id: Any, body: bytes, left: int) -> None:
        try:
            async with session.post(self._address, json=json.loads(body), headers=self._headers) as response:
                response.raise_for_status()
                answer = await response.json()
        except aiohttp.ClientError:
            if not left:
                raise
            self._retries.put_nowait((row_id, body, left - 1))
            return
        with self._target.open("a") as file:
            file.write(json.dumps({"id": row_id, "response": answer}) + "\n")
        self._in_progress -= 1
