"""Where threads allocate: glibc gives each of many a heap of its own, and each keeps what it once needed."""

import contextlib

_M_ARENA_MAX = -8  # <malloc.h>


def share_heap() -> None:
    """Let all threads allocate from one heap, before they start; where the C library is glibc, else nothing.

    The interpreter runs one of them at a time, so they hardly wait for each other there.
    """
    with contextlib.suppress(ImportError, OSError, AttributeError, TypeError):
        import ctypes

        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
