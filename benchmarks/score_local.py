"""How fast the embedded engine scores, against llama.cpp's own library call on the same weights.

    python benchmarks/score_local.py MODEL.gguf TEXT_FILE [--rounds 5]

Prints tokens per second of three ways, the best of the rounds, which alternate:
`library` is llama_decode with the logits of every token, and nothing else; `nbx` is what `nbx score --local`
does with a text once the model is loaded; `server` is llama.cpp's server, token by token, the fallback.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

from nebius_cli.local.llama_cpp_library_logprobs import LibraryScoring
from nebius_cli.local.llama_cpp_scoring_script import Library
from nebius_cli.local.llama_cpp_server_logprobs import EngineScoring
from nebius_cli.local.start_llama_cpp_server import Engine, context_tokens


class DecodeOnly(Library):
    """The library's evaluation of a text, without the softmax."""

    def logprob(self, place: int, token: int) -> float:
        """Return nothing of use."""
        del place, token
        return 0.0


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("text", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    text = given.text.read_text("utf-8")
    os.environ["GOMP_SPINCOUNT"] = "1000"  # as in the process that nbx starts
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what the library says as it loads
    library = DecodeOnly(str(given.model), context_tokens(given.model))
    ids = [token for token, _ in library.tokenize(text)]
    times: dict[str, list[float]] = {"library": [], "nbx": [], "server": []}
    with LibraryScoring(given.model) as nbx:
        for _ in range(given.rounds):
            times["library"].append(seconds(lambda: library.logprobs(ids, 1)))
            times["nbx"].append(seconds(lambda: list(nbx.logprobs(nbx.tokenize(text), 1))))
    with Engine(given.model, parallel=1, for_scoring=True) as engine, EngineScoring(engine) as server:
        pieces = server.tokenize(text)
        times["server"].append(seconds(lambda: list(server.logprobs(pieces, 1))))
    rates = {name: len(ids) / min(values) for name, values in times.items()}
    for name, rate in rates.items():
        print(f"{name:8} {rate:7.1f} tokens/s, {rate / rates['library']:.2f} of the library")


if __name__ == "__main__":
    main()
