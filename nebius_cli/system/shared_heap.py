"""Keeps the memory of many threads small, where the C library gives each of them a heap."""

import contextlib

_M_ARENA_MAX = -8  # from <malloc.h>


def share_heap() -> None:
    """Make threads that start later share one heap. Does nothing if the C library is not glibc.

    By default glibc gives each of many threads a heap of its own, which never shrinks. Since only one thread
    at a time runs Python code, they rarely wait for each other in a shared heap.
    """
    with contextlib.suppress(ImportError, OSError, AttributeError, TypeError):
        import ctypes

        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
