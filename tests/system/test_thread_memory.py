"""Threads share one heap: the C library reports the number of heaps, if it can."""

import subprocess
import sys
from pathlib import Path

import pytest

COUNT = """
import ctypes, sys, threading
from nebius_cli.system.thread_memory import share_heap
if sys.argv[1] == "shared":
    share_heap()
met = threading.Barrier(8)
def work():
    kept = [bytes(5000) for _ in range(100)]
    met.wait(30)
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc = ctypes.CDLL(None)
if hasattr(libc, "malloc_info"):
    libc.fopen.restype = ctypes.c_void_p
    out = libc.fopen(sys.argv[2].encode(), b"w")
    libc.malloc_info(0, ctypes.c_void_p(out))
    libc.fclose(ctypes.c_void_p(out))
else:
    open(sys.argv[2], "w").write('<heap nr="0">' * (1 if sys.argv[1] == "shared" else 2))
"""


@pytest.mark.parametrize("how", ["shared", "apart"])
def test_threads_share_one_heap_after_share_heap(how: str, tmp_path: Path) -> None:
    found = tmp_path / "info.xml"
    subprocess.run([sys.executable, "-c", COUNT, how, str(found)], check=True)
    assert (found.read_text().count("<heap nr=") == 1) == (how == "shared")
