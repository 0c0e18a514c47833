"""Bare loops that do the work of `nbx bulk` and no more, one for each HTTP client people reach for.

    python benchmarks/loops.py aiohttp rows.jsonl out.jsonl --url http://127.0.0.1:8000/v1 --concurrency 64

Each reads the rows one by one, sends them, parses the answer and writes a line with the id and the answer at
once, unbuffered. No retries, no resume, no limits, no checks: what is left is the price of the client.
"""

import argparse
import asyncio
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "Authorization": "Bearer none"}
PATH = "/v1/completions"

Send = Callable[[bytes], bytes]


def rows(path: Path) -> Iterator[tuple[Any, bytes]]:
    """Yield the id and the request body of each row."""
    with path.open("rb") as file:
        for line in file:
            row = json.loads(line)
            body = {"model": "m", "max_tokens": 16, "prompt": row["prompt"]}
            yield row["id"], json.dumps(body).encode()


def record(row_id: Any, answer: bytes) -> bytes:
    """Return the line for one answer."""
    return json.dumps({"id": row_id, "response": json.loads(answer)}).encode() + b"\n"


def check(status: int) -> None:
    """Raise where an answer is none: a loop that only counts failures would look fast."""
    if status != 200:
        raise RuntimeError(f"the server answered {status}")


def threaded(source: Path, target: Path, concurrency: int, connect: Callable[[], Send]) -> None:
    """Let threads take rows from one iterator; each sends through what `connect` gave it."""
    pending, lock = rows(source), threading.Lock()

    def work() -> None:
        send = connect()
        while True:
            with lock:
                row = next(pending, None)
            if row is None:
                return
            line = record(row[0], send(row[1]))
            with lock:
                file.write(line)

    with target.open("wb", buffering=0) as file:
        threads = [threading.Thread(target=work) for _ in range(concurrency)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def with_http_client(url: str, source: Path, target: Path, concurrency: int) -> None:
    """A connection of the standard library for each thread."""

    def connect() -> Send:
        connection = http.client.HTTPConnection(urlsplit(url).netloc)

        def send(body: bytes) -> bytes:
            connection.request("POST", PATH, body, HEADERS)
            response = connection.getresponse()
            data = response.read()
            check(response.status)
            return data

        return send

    threaded(source, target, concurrency, connect)


def with_urllib3(url: str, source: Path, target: Path, concurrency: int) -> None:
    """One pool for all threads."""
    import urllib3

    pool = urllib3.connection_from_url(url, maxsize=concurrency)

    def send(body: bytes) -> bytes:
        response = pool.urlopen("POST", PATH, body, HEADERS, retries=False)
        check(response.status)
        return response.data

    threaded(source, target, concurrency, lambda: send)


def with_requests(url: str, source: Path, target: Path, concurrency: int) -> None:
    """One session for all threads."""
    import requests

    session = requests.Session()
    session.trust_env = False
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=concurrency))
    address = f"{url}/completions"

    def send(body: bytes) -> bytes:
        response = session.post(address, body, headers=HEADERS)
        check(response.status_code)
        return response.content

    threaded(source, target, concurrency, lambda: send)


def with_aiohttp(url: str, source: Path, target: Path, concurrency: int) -> None:
    """One session, as many tasks as requests may be on the way."""
    import aiohttp

    pending = rows(source)
    address = f"{url}/completions"

    async def run() -> None:
        with target.open("wb", buffering=0) as file:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

                async def work() -> None:
                    for row_id, body in pending:
                        async with session.post(address, data=body, headers=HEADERS) as response:
                            answer = await response.read()
                            check(response.status)
                        file.write(record(row_id, answer))

                await asyncio.gather(*(work() for _ in range(concurrency)))

    asyncio.run(run())


LOOPS = {
    "aiohttp": with_aiohttp,
    "http.client": with_http_client,
    "urllib3": with_urllib3,
    "requests": with_requests,
}


def main() -> None:
    """Run one loop."""
    parser = argparse.ArgumentParser(description="A bare loop over one HTTP client.")
    parser.add_argument("loop", choices=LOOPS)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--concurrency", type=int, required=True)
    given = parser.parse_args()
    LOOPS[given.loop](given.url, given.source, given.target, given.concurrency)


if __name__ == "__main__":
    main()
