"""llama.cpp's server in a process of its own: what local/engine.py starts, as a script.

One JSON line in says what to load; out come the engine's complaints, then one JSON line with the port.
The end of stdin is the end of the process. Imports nothing of nbx: it runs by its path.
"""

import json
import os
import signal
import sys
from typing import Any

# What a request without max_tokens gets; llama.cpp itself would write until its context is full.
DEFAULT_MAX_TOKENS = 256


def main() -> None:
    """Serve until stdin ends."""
    # Ctrl-C reaches the whole terminal group; when to stop is for the process that started this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = start(json.loads(sys.stdin.buffer.readline()))
    port = int(server.listening_address.rpartition(":")[2])
    os.write(1, b"\n" + json.dumps({"port": port}).encode() + b"\n")
    # Nobody reads any more: a full pipe would stop the server.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.stdin.buffer.read()
    # Not by returning: destroying the server waits for open connections, 30 seconds and more.
    os._exit(0)


def start(options: dict[str, Any]) -> Any:
    """Return a server that answers. Raises whatever the engine raises."""
    if "OMP_WAIT_POLICY" not in os.environ:
        # Threads that spin for each other's end take seconds a token on a busy machine; these soon sleep.
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = options["path"]
    params.model_alias = {options["alias"]}  # otherwise every answer shows the path
    params.api_keys = [options["key"]]
    params.hostnames = ["127.0.0.1"]
    params.port = options["port"]
    params.cors_origins = ""
    params.n_ctx = options["context"]
    params.n_parallel = options["parallel"]
    params.kv_unified = True  # one cache for all: each prompt may use the whole context
    params.fit_params = options["fit"]
    params.n_predict = DEFAULT_MAX_TOKENS
    params.warmup = False
    params.ui = False
    params.verbosity = 1  # errors only
    if hasattr(os, "sched_getaffinity") and (cores := len(os.sched_getaffinity(0))) < (os.cpu_count() or 1):
        # The engine counts the machine's cores; more threads than may run at once are far slower.
        params.cpuparams.n_threads = cores
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
