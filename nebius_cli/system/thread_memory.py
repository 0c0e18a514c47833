"""Makes threads share one heap, and checks whether enough memory is free."""

import contextlib

_M_ARENA_MAX = -8  # from <malloc.h>


def share_heap() -> None:
    """Make threads that start later share one heap. Does nothing if the C library is not glibc.

    By default glibc gives each of many threads its own heap, which never shrinks. Since only one thread
    at a time runs Python code, they rarely wait for each other in a shared heap.
    """
    with contextlib.suppress(ImportError, OSError, AttributeError, TypeError):
        import ctypes

        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def check_free(size: int) -> None:
    """Raise MemoryError unless the process may allocate `size` more bytes.

    They are mapped but not written to, so that no memory is used.
    """
    import mmap

    try:
        mmap.mmap(-1, size).close()
    except OSError as error:
        raise MemoryError from error
