"""Computes log probabilities with llama.cpp's C library (through ctypes) and a softmax in Python.

The script `softmax.py MODEL` reads JSON lines {"text", "prefill"} and answers each with {"ids", "logprobs"}.
It evaluates `prefill` tokens in one batch and the rest one by one. Structures are opaque, and larger than in
any version of llama.h: they are passed by value, and only their beginning is read.
"""

import ctypes
import json
import math
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Pointer = ctypes.c_void_p


class Opaque(ctypes.Structure):
    """A structure of llama.h, filled in by the functions of llama.cpp."""

    _fields_ = (("words", ctypes.c_uint32 * 256),)


RESULTS: dict[str, Any] = {
    "llama_model_default_params": Opaque,
    "llama_context_default_params": Opaque,
    "llama_model_load_from_file": Pointer,
    "llama_init_from_model": Pointer,
    "llama_model_get_vocab": Pointer,
    "llama_get_logits_ith": Pointer,
    "llama_batch_get_one": Opaque,
}


class Library:
    """A model loaded with the llama.cpp build that nbx uses."""

    def __init__(self, path: str) -> None:
        package = find_spec("xllamacpp")
        assert package
        assert package.origin
        [file] = Path(package.origin).parent.glob("xllamacpp*.so")
        self.c = ctypes.CDLL(str(file))
        for name, kind in RESULTS.items():
            getattr(self.c, name).restype = kind
        self.c.llama_backend_init()
        self.model = Pointer(
            self.c.llama_model_load_from_file(path.encode(), self.c.llama_model_default_params())
        )
        self.vocab = Pointer(self.c.llama_model_get_vocab(self.model))
        self.size = self.c.llama_vocab_n_tokens(self.vocab)

    def tokenize(self, text: str) -> list[int]:
        """Return the tokens of a text, with the model's start token; parse special tokens in the text."""
        data = text.encode()
        ids = (ctypes.c_int32 * (len(data) + 8))()
        special = ctypes.c_bool(True)
        count = self.c.llama_tokenize(self.vocab, data, len(data), ids, len(ids), special, special)
        return list(ids[:count])

    def logprobs(self, ids: list[int], prefill: int) -> list[float]:
        """Return the natural log probability of each token from position `prefill` on."""
        params = self.c.llama_context_default_params()
        assert list(params.words[:3]) == [512, 2048, 512]  # n_ctx, n_batch, n_ubatch
        params.words[0] = len(ids) + 8
        assert list(params.words[10:14]) == [0xFFFFFFFF] * 4  # the last value is flash attention
        assert list(params.words[24:28]) == [0, 0, 1, 1]  # the last two are the cache types, F16
        params.words[13], params.words[26:28] = 0, [0, 0]  # flash attention off, cache types F32
        context = Pointer(self.c.llama_init_from_model(self.model, params))
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        self.c.llama_set_n_threads(context, threads, threads)
        found, place = [], 0
        while place < len(ids) - 1:
            size = prefill if place == 0 else 1
            part = (ctypes.c_int32 * size)(*ids[place : place + size])
            batch = self.c.llama_batch_get_one(part, ctypes.c_int32(size))
            assert self.c.llama_decode(context, batch) == 0
            place += size
            if place < len(ids):
                logits = self.c.llama_get_logits_ith(context, ctypes.c_int32(-1))
                found.append(self._softmax(logits, ids[place]))
        self.c.llama_free(context)
        return found

    def _softmax(self, logits: int, token: int) -> float:
        values: list[float] = list((ctypes.c_float * self.size).from_address(logits))
        most = max(values)
        return values[token] - most - math.log(math.fsum(math.exp(value - most) for value in values))


def main() -> None:
    """Answer each line of stdin."""
    library = Library(sys.argv[1])
    for line in sys.stdin:
        order = json.loads(line)
        ids = library.tokenize(order["text"])
        logprobs = library.logprobs(ids, order["prefill"])
        sys.stdout.write(json.dumps({"ids": ids, "logprobs": logprobs}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
