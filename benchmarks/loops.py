"""Bare loops that do the work of `nbx bulk` and no more, one for each HTTP client people reach for.

    python benchmarks/loops.py aiohttp rows.jsonl out.jsonl --url http://127.0.0.1:8000/v1 --concurrency 64

Each reads the rows one by one, sends them, parses the answer and writes a line with the id and the answer at
once, unbuffered. No retries, no resume, no limits, no checks: what is left is the price of the client. Only
`cookbook` does more: it works as the parallel request processor of OpenAI's cookbook does.
"""

import argparse
import asyncio
import http.client
import io
import json
import os
import ssl
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
    parts = urlsplit(url)
    trust = ssl.create_default_context() if parts.scheme == "https" else None

    def connect() -> Send:
        connection = http.client.HTTPConnection(parts.netloc)
        if trust is not None:
            connection = http.client.HTTPSConnection(parts.netloc, context=trust)

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

    trust = {"ssl_context": ssl.create_default_context()} if url.startswith("https") else {}
    pool = urllib3.connection_from_url(url, maxsize=concurrency, **trust)

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
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
    session.mount(url, requests.adapters.HTTPAdapter(pool_maxsize=concurrency))
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


def with_openai(url: str, source: Path, target: Path, concurrency: int) -> None:
    """The SDK: one asynchronous client, as many tasks as requests may be on the way."""
    import openai

    pending = rows(source)

    async def run() -> None:
        with target.open("wb", buffering=0) as file:
            async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:

                async def work() -> None:
                    for row_id, body in pending:
                        answer = await client.completions.create(**json.loads(body))
                        file.write(record(row_id, answer.model_dump_json().encode()))

                await asyncio.gather(*(work() for _ in range(concurrency)))

    asyncio.run(run())


def with_pycurl(url: str, source: Path, target: Path, concurrency: int) -> None:
    """libcurl's multi interface: one thread, as many handles as requests may be on the way."""
    import pycurl

    pending, multi = rows(source), pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAXCONNECTS, concurrency)
    headers = [f"{name}: {value}" for name, value in HEADERS.items()]

    def start(handle: Any) -> bool:
        if (row := next(pending, None)) is None:
            return False
        handle.row_id, handle.answer = row[0], io.BytesIO()
        handle.setopt(pycurl.POSTFIELDS, row[1])
        handle.setopt(pycurl.WRITEDATA, handle.answer)
        multi.add_handle(handle)
        return True

    def handle() -> Any:
        made = pycurl.Curl()
        made.setopt(pycurl.URL, f"{url}/completions")
        made.setopt(pycurl.HTTPHEADER, headers)
        if "SSL_CERT_FILE" in os.environ:
            made.setopt(pycurl.CAINFO, os.environ["SSL_CERT_FILE"])
        return made

    handles = [handle() for _ in range(concurrency)]
    with target.open("wb", buffering=0) as file:
        active = sum(start(one) for one in handles)
        while active:
            multi.perform()
            _, done, failed = multi.info_read()
            for one in done:
                check(one.getinfo(pycurl.RESPONSE_CODE))
                file.write(record(one.row_id, one.answer.getvalue()))
                multi.remove_handle(one)
                active -= not start(one)
            if failed:
                raise RuntimeError(failed[0][2])
            multi.select(1.0)


def with_cookbook(url: str, source: Path, target: Path, concurrency: int) -> None:
    """As the parallel request processor of OpenAI's cookbook works."""
    from cookbook import Processor

    asyncio.run(Processor(f"{url}/completions", HEADERS, target).run(rows(source), concurrency))


LOOPS = {
    "aiohttp": with_aiohttp,
    "http.client": with_http_client,
    "urllib3": with_urllib3,
    "requests": with_requests,
    "pycurl": with_pycurl,
    "cookbook": with_cookbook,
    "openai": with_openai,
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
