"""Runs llama.cpp's server; start_llama_cpp_server.py starts this file as a script.

It reads one JSON line of options from stdin, and prints the engine's messages and then one JSON line with the
port. It ends when stdin ends, and on Linux with its parent process, even while it loads. It does not import
nbx, because it is run by its path.
"""

import ctypes
import json
import os
import signal
import sys
from typing import Any

# For requests without max_tokens; llama.cpp's own default is to generate until the context is full.
DEFAULT_MAX_TOKENS = 256
PR_SET_PDEATHSIG = 1  # of Linux's prctl


def main() -> None:
    """Serve until stdin ends."""
    # Ctrl-C goes to the whole process group, but the parent process decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    server = start(json.loads(sys.stdin.buffer.readline()))
    port = int(server.listening_address.rpartition(":")[2])
    os.write(1, b"\n" + json.dumps({"port": port}).encode() + b"\n")
    # The parent does not read stdout from now on, and a full pipe would block the server.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    sys.stdin.buffer.read()
    # Exit without cleanup: destroying the server waits for open connections, 30 seconds and more.
    os._exit(0)


def end_with_parent() -> None:
    """End when the parent process ends, if the system can signal that (Linux).

    Loading a model holds the interpreter lock, so no thread could notice the end of stdin during that time.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(options: dict[str, Any]) -> Any:
    """Start the server and return it. Raises the exceptions of the engine."""
    if "OMP_WAIT_POLICY" not in os.environ:
        # On a busy machine, spinning threads take seconds per token; this makes them sleep soon.
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = options["path"]
    params.model_alias = {options["alias"]}  # otherwise answers name the file path
    params.api_keys = [options["key"]]
    params.hostnames = ["127.0.0.1"]
    params.port = options["port"]
    params.cors_origins = ""
    params.n_ctx = options["context"]
    params.n_parallel = options["parallel"]
    params.kv_unified = True  # one cache for all slots: each prompt may use the whole context
    if options["for_scoring"]:
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.fit_params = options["fit"]
    params.n_predict = DEFAULT_MAX_TOKENS
    params.warmup = False
    params.ui = False
    params.verbosity = 1  # errors only
    if hasattr(os, "sched_getaffinity") and (cores := len(os.sched_getaffinity(0))) < (os.cpu_count() or 1):
        # The engine counts all cores, but more threads than may run at once are much slower.
        params.cpuparams.n_threads = cores
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
