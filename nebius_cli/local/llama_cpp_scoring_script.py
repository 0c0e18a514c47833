"""Scores token IDs with llama.cpp's C library; llama_cpp_library_logprobs.py starts this file as a script.

It reads JSON lines from stdin and answers each with one on stdout. The first one contains the options. A text
is evaluated in batches, with the logits of every token; the library's own softmax is used. Structures of
llama.h are opaque here and larger than in any version: passed by value, only their beginning is read. The
layouts and functions that this file relies on are checked first; if they differ, the answer is
{"unavailable": why}. This file does not import nbx, because it is run by its path.
"""

import ctypes
import json
import math
import os
import signal
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import Any

MAX_LOGITS_BYTES = 64 << 20  # of one batch
MAX_BATCH_TOKENS = 512
BYTES_PER_LOGIT = 4
BATCH_TOKENS_OFFSET = 8  # byte offsets of the pointers in llama_batch
BATCH_LOGITS_OFFSET = 48
# 32-bit words of llama_context_params, and their default values.
FLASH_ATTENTION_WORD = 13
CACHE_TYPE_WORDS = slice(26, 28)  # cache types of the keys and of the values
DEFAULT_WORDS = (
    (slice(3), [512, 2048, 512]),  # n_ctx, n_batch, n_ubatch
    (slice(10, 14), [0xFFFFFFFF] * 4),  # -1: types of RoPE scaling, pooling, attention and flash attention
    (slice(22, 30), [0, 0, 0, 0, 1, 1, 0, 0]),  # two pointers, the types of the cache, two pointers
)
DISABLED = 0  # a value of llama_flash_attn_type
FLOAT32 = 0  # a value of ggml_type

Pointer = ctypes.c_void_p


class Opaque(ctypes.Structure):
    """A structure of llama.h, as returned by its functions."""

    _fields_ = (("words", ctypes.c_uint32 * 256),)

    def pointer(self, offset: int) -> Any:
        """Return the pointer at a byte offset, as a ctypes object that can be changed."""
        return ctypes.c_uint64.from_buffer(self, offset)


RESULTS: dict[str, Any] = {
    "llama_model_default_params": Opaque,
    "llama_context_default_params": Opaque,
    "llama_model_load_from_file": Pointer,
    "llama_init_from_model": Pointer,
    "llama_model_get_vocab": Pointer,
    "llama_get_memory": Pointer,
    "llama_get_logits_ith": Pointer,
    "llama_batch_get_one": Opaque,
    "ggml_vec_soft_max_f32": ctypes.c_double,
}
OTHERS = (
    "llama_backend_init",
    "llama_vocab_n_tokens",
    "llama_tokenize",
    "llama_token_to_piece",
    "llama_decode",
    "llama_n_ctx",
    "llama_memory_clear",
    "llama_set_n_threads",
)


class UnavailableError(Exception):
    """The library differs from what this file expects, or the library or the model cannot be loaded."""


class Library:
    """A model in llama.cpp's C library."""

    def __init__(self, path: str, context_tokens: int) -> None:
        self.c = _load()
        self.c.llama_backend_init()
        self.model = Pointer(
            self.c.llama_model_load_from_file(path.encode(), self.c.llama_model_default_params())
        )
        if not self.model:
            raise UnavailableError("the model cannot be loaded")
        self.vocab = Pointer(self.c.llama_model_get_vocab(self.model))
        self.size = int(self.c.llama_vocab_n_tokens(self.vocab))
        self.batch_tokens = max(1, min(MAX_BATCH_TOKENS, MAX_LOGITS_BYTES // BYTES_PER_LOGIT // self.size))
        self.context = Pointer(self.c.llama_init_from_model(self.model, self.parameters(context_tokens)))
        if not self.context:
            raise UnavailableError("cannot create a context")
        self.context_tokens = int(self.c.llama_n_ctx(self.context))
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.c.llama_set_n_threads(self.context, threads, threads)
        self.scratch = (ctypes.c_float * self.size)()
        self._check()

    def parameters(self, context_tokens: int) -> Opaque:
        """Return the parameters of the context, with 32-bit attention; llama.cpp's default is 16 bits."""
        params: Opaque = self.c.llama_context_default_params()
        if any(params.words[span] != values for span, values in DEFAULT_WORDS):
            raise UnavailableError("llama_context_params has changed")
        params.words[:2] = [context_tokens, self.batch_tokens]
        params.words[FLASH_ATTENTION_WORD] = DISABLED  # it multiplies in 16 bits, whatever type the cache has
        params.words[CACHE_TYPE_WORDS] = [FLOAT32, FLOAT32]
        return params

    def tokenize(self, text: str) -> list[tuple[int, list[int]]]:
        """Return the IDs and bytes of a prompt's tokens, including special tokens that the model adds."""
        data = text.encode("utf-8", "surrogatepass")
        ids = (ctypes.c_int32 * (len(data) + 16))()
        special = ctypes.c_bool(True)
        count = self.c.llama_tokenize(self.vocab, data, len(data), ids, len(ids), special, special)
        pieces: dict[int, list[int]] = {}
        for token in ids[:count]:
            if token not in pieces:
                pieces[token] = list(self._piece(token))
        return [(token, pieces[token]) for token in ids[:count]]

    def _piece(self, token: int) -> bytes:
        room = 256
        while True:
            buffer = ctypes.create_string_buffer(room)
            size = self.c.llama_token_to_piece(self.vocab, token, buffer, room, 0, ctypes.c_bool(True))
            if size >= 0:
                return buffer.raw[:size]
            room = -size

    def logprobs(self, ids: list[int], first: int) -> list[float]:
        """Return the natural log probability of each token from index `first` on; `first` is at least 1."""
        self.c.llama_memory_clear(Pointer(self.c.llama_get_memory(self.context)), ctypes.c_bool(True))
        found = []
        for start in range(0, len(ids) - 1, self.batch_tokens):
            part = ids[start : min(start + self.batch_tokens, len(ids) - 1)]
            wanted = [start + index + 1 >= first for index in range(len(part))]
            tokens, flags = (ctypes.c_int32 * len(part))(*part), (ctypes.c_int8 * len(part))(*wanted)
            batch = self.c.llama_batch_get_one(tokens, ctypes.c_int32(len(part)))
            batch.pointer(BATCH_LOGITS_OFFSET).value = ctypes.addressof(flags)
            if code := self.c.llama_decode(self.context, batch):
                raise RuntimeError(f"llama_decode returned {code}")
            for index, is_wanted in enumerate(wanted):
                if is_wanted:
                    found.append(self.logprob(index, ids[start + index + 1]))
        return found

    def logprob(self, index: int, token: int) -> float:
        """Return the natural log probability of `token` after the token at `index` of the last batch."""
        logits = self.c.llama_get_logits_ith(self.context, ctypes.c_int32(index))
        row = (ctypes.c_float * self.size).from_address(logits)
        own: float = row[token]
        # Relative to the logit of the token, the sum is 1 / p. It overflows only if p is below e^-88.
        total = self.c.ggml_vec_soft_max_f32(self.size, self.scratch, row, ctypes.c_float(own))
        if math.isfinite(total) and total >= 1:
            return -math.log(float(total))
        most: float = max(row)
        total = self.c.ggml_vec_soft_max_f32(self.size, self.scratch, row, ctypes.c_float(most))
        return min(0.0, own - most - math.log(total))

    def _check(self) -> None:
        """Raise UnavailableError if a structure or function differs from what this file relies on."""
        ids = (ctypes.c_int32 * 2)(0, 1)
        batch = self.c.llama_batch_get_one(ids, ctypes.c_int32(2))
        pointers = [
            batch.pointer(offset).value for offset in range(BATCH_TOKENS_OFFSET, BATCH_LOGITS_OFFSET + 1, 8)
        ]
        if batch.words[0] != 2 or pointers != [ctypes.addressof(ids), 0, 0, 0, 0, 0]:
            raise UnavailableError("llama_batch has changed")
        values, out = (ctypes.c_float * 2)(0.0, math.log(3.0)), (ctypes.c_float * 2)()
        if abs(self.c.ggml_vec_soft_max_f32(2, out, values, ctypes.c_float(0.0)) - 4) > 1e-5:
            raise UnavailableError("ggml_vec_soft_max_f32 has changed")


def _load() -> Any:
    package = find_spec("xllamacpp")
    files = Path(package.origin).parent.glob("xllamacpp*.so") if package and package.origin else iter(())
    try:
        library = ctypes.CDLL(str(next(files)))
        for name, kind in RESULTS.items():
            getattr(library, name).restype = kind
        for name in OTHERS:
            getattr(library, name)
    except (StopIteration, OSError, AttributeError) as error:
        raise UnavailableError(str(error) or "the library of llama.cpp was not found") from None
    return library


def _answer(library: Library, request: dict[str, Any]) -> dict[str, Any]:
    if "text" in request:
        return {"tokens": library.tokenize(request["text"])}
    ids = request["ids"]
    if len(ids) > library.context_tokens:
        return {"too_long": library.context_tokens}
    if any(not 0 <= token < library.size for token in ids):
        return {"rejected": "a token is not in the vocabulary"}
    return {"logprobs": library.logprobs(ids, request["first"])}


def main() -> None:
    """Answer each line of stdin until it ends: the parent process closes it, or has ended."""
    # Ctrl-C goes to the whole process group, but the parent process decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if "OMP_WAIT_POLICY" not in os.environ:
        # On a busy machine, spinning threads take seconds per token; this makes them sleep soon.
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    answers = os.fdopen(os.dup(1), "w")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    requests: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read_requests, args=(requests,), daemon=True).start()
    library: Library | None = None
    while True:
        request = json.loads(requests.get())
        try:
            if library is None:
                library = Library(request["path"], request["context"])
                answer: dict[str, Any] = {"ready": library.batch_tokens, "context": library.context_tokens}
            else:
                answer = _answer(library, request)
        except UnavailableError as error:
            answer = {"unavailable": str(error)}
        except RuntimeError as error:
            answer = {"failed": str(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _read_requests(requests: "SimpleQueue[bytes]") -> None:
    """Put each line of stdin into a queue; end the process when stdin ends, even during an evaluation."""
    for line in sys.stdin.buffer:
        requests.put(line)
    os._exit(0)


if __name__ == "__main__":
    main()
