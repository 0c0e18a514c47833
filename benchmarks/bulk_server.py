"""A completion server that costs next to nothing, so that what is measured is the client.

    python benchmarks/bulk_server.py --delay 0.1 --log sent.jsonl

The first line on stdout is its port. It answers POST /v1/completions after the delay, one choice for each
prompt and each `n`, or with `echo` the prompts with log probabilities, and GET /stats with what it has
counted. With --fail a part of the requests is answered in the ways of --kinds.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import re
import socket
import ssl
import time
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = ("429", "500", "503", "reset", "cut", "garbage", "unfinished")
WORD = re.compile(r"\s*\S+|\s+")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Stats:
    """What has happened so far; times are seconds of the wall clock, 0 for never."""

    requests: int = 0
    prompts: int = 0
    answered: int = 0
    failed: int = 0
    open: int = 0
    most_open: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    waited: float = 0.0  # the delays as they really were, of all answers together
    kinds: dict[str, int] = field(default_factory=dict)


class Service:
    """What all connections share: options, counts, the log."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.stats = Stats()
        self.chance = random.Random(options.seed)  # noqa: S311 - nobody guards a secret with it
        self.kinds: list[str] = options.kinds.split(",")
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self.log = os.open(options.log, flags, 0o600) if options.log else -1

    def took(self, prompts: list[Any]) -> None:
        """Count a request; write its prompts to the log before anything else can happen to it."""
        stats = self.stats
        stats.requests += 1
        stats.prompts += len(prompts)
        stats.open += 1
        stats.most_open = max(stats.most_open, stats.open)
        if not stats.first_at:
            stats.first_at = time.time()
        if self.log >= 0:
            os.write(self.log, "".join(json.dumps(prompt) + "\n" for prompt in prompts).encode())

    def failure(self) -> str:
        """Return how the next request fails, empty where it does not."""
        if self.options.fail and self.chance.random() < self.options.fail:
            kind = self.chance.choice(self.kinds)
            self.stats.kinds[kind] = self.stats.kinds.get(kind, 0) + 1
            return kind
        return ""

    def delay(self) -> float:
        """Return how long the next answer waits, in seconds."""
        delay: float = self.options.delay
        if self.options.jitter:
            delay *= 1 + self.options.jitter * (2 * self.chance.random() - 1)
        return delay


class Connection(asyncio.Protocol):
    """One client: requests come in one after the other, whatever the cuts."""

    def __init__(self, service: Service, loop: asyncio.AbstractEventLoop) -> None:
        self.service = service
        self.loop = loop
        self.data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Take as many whole requests as there are."""
        self.data += data
        while (end := self.data.find(b"\r\n\r\n") + 4) >= 4:
            found = LENGTH.search(self.data, 0, end)
            whole = end + (int(found[1]) if found else 0)
            if len(self.data) < whole:
                return
            start, body, self.data = self.data[:16], self.data[end:whole], self.data[whole:]
            if start.startswith(b"POST"):
                self.take(body)
            else:
                self.transport.write(reply(200, json.dumps(asdict(self.service.stats)).encode()))

    def take(self, body: bytes) -> None:
        """Begin one completion."""
        request = json.loads(body)
        prompt = request["prompt"]
        many = isinstance(prompt, list) and prompt and not isinstance(prompt[0], int)
        prompts = prompt if many else [prompt]
        self.service.took(prompts)
        kind = self.service.failure()
        least = self.service.options.text_bytes
        answer = FAILURES[kind] if kind in FAILURES else completion(request, prompts, kind, least)
        if wait := self.service.delay():
            self.loop.call_later(wait, self.finish, answer, kind, time.monotonic())
        else:
            self.finish(answer, kind, time.monotonic())

    def finish(self, answer: bytes, kind: str, began: float) -> None:
        """Send the answer, or what a failure looks like."""
        stats = self.service.stats
        stats.open -= 1
        stats.waited += time.monotonic() - began
        stats.last_at = time.time()
        if kind:
            stats.failed += 1
        else:
            stats.answered += 1
        if kind == "reset":
            linger = (1).to_bytes(4, "little") + bytes(4)
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.transport.abort()
        elif kind == "cut":
            self.transport.write(answer[: len(answer) * 2 // 3])
            self.transport.close()
        elif not self.transport.is_closing():
            self.transport.write(answer)


def reply(status: int, body: bytes, more: str = "") -> bytes:
    """Return a whole answer; `more` is further header lines, each with its CRLF."""
    head = f"HTTP/1.1 {status} Because\r\nContent-Type: application/json\r\n"
    return f"{head}{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


def completion(request: dict[str, Any], prompts: list[Any], kind: str, least: int) -> bytes:
    """Return a completion whose texts repeat the end of their prompts, `n` choices for each.

    Each text has `least` bytes at the least.
    """
    reason = "null" if kind == "unfinished" else '"stop"'
    if request.get("echo"):
        return echo(prompts, reason)
    texts = [
        json.dumps(f" {prompt[-64:]}".ljust(least, "x"))
        for prompt in prompts
        for _ in range(request.get("n") or 1)
    ]
    choices = ",".join(
        f'{{"index":{index},"text":{text},"logprobs":null,"finish_reason":{reason}}}'
        for index, text in enumerate(texts)
    )
    return answer(choices, 5 * len(prompts), 2 * len(texts))


def echo(prompts: list[str], reason: str) -> bytes:
    """Return prompts with the log probabilities of their tokens, which are words, and one more token."""
    choices = []
    for index, prompt in enumerate(prompts):
        tokens = [*WORD.findall(prompt), " end"]
        logprobs = [None, *(-len(token) / 4 for token in tokens[1:])]
        pairs = zip(tokens[1:], logprobs[1:], strict=True)
        top = [None, *({token: value, " x": -9.5} for token, value in pairs)]
        offsets = [0, *itertools.accumulate(map(len, tokens[:-1]))]
        lists = {"tokens": tokens, "token_logprobs": logprobs, "top_logprobs": top, "text_offset": offsets}
        text = json.dumps(f"{prompt} end")
        choices.append(
            f'{{"index":{index},"text":{text},"logprobs":{json.dumps(lists)},"finish_reason":{reason}}}'
        )
    return answer(",".join(choices), 12 * len(prompts), len(prompts))


def answer(choices: str, sent: int, came: int) -> bytes:
    """Return a whole answer with its usage."""
    usage = f'{{"prompt_tokens":{sent},"completion_tokens":{came},"total_tokens":{sent + came}}}'
    head = '{"id":"cmpl-1","object":"text_completion","created":1717516032,"model":"m"'
    return reply(200, f'{head},"choices":[{choices}],"usage":{usage}}}'.encode())


FAILURES = {
    "429": reply(429, b'{"detail":"slow down"}', "Retry-After: 1\r\n"),
    "500": reply(500, b'{"detail":"it broke"}'),
    "503": reply(503, b'{"detail":"not now"}'),
    "garbage": reply(200, b"<html>it works</html>"),
}


async def serve(service: Service) -> None:
    """Listen and answer until killed."""
    loop = asyncio.get_running_loop()
    tls = None
    if service.options.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(service.options.tls)
    server = await loop.create_server(
        lambda: Connection(service, loop), "127.0.0.1", service.options.port, backlog=4096, ssl=tls
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(description="A completion server for benchmarks and tests.")
    parser.add_argument("--port", type=int, default=0, help="0 for any")
    parser.add_argument("--tls", default="", help="a file with a key and its certificate: speak TLS")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before an answer")
    parser.add_argument("--text-bytes", type=int, default=0, help="of each answer, at the least")
    parser.add_argument("--jitter", type=float, default=0.0, help="0.2: delays differ by up to 20 %%")
    parser.add_argument("--fail", type=float, default=0.0, help="the share of requests that fail")
    parser.add_argument("--kinds", default=",".join(KINDS), help="how they fail")
    parser.add_argument("--seed", type=int, default=1, help="of failures and jitter")
    parser.add_argument("--log", default="", help="a file for the prompts as they come, one a line")
    asyncio.run(serve(Service(parser.parse_args())))


if __name__ == "__main__":
    main()
