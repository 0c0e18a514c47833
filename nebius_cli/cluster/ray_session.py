"""Starts Ray on this machine or connects to a cluster, and keeps Ray from writing to the terminal."""

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nebius_cli.cluster.ray_address import LOCAL
from nebius_cli.core.errors_and_exit_codes import ConfigError, NetworkError
from nebius_cli.core.optional_packages import install_hint
from nebius_cli.core.short_text import first_line

CPUS = 2  # of a cluster on this machine: Ray's own tasks need a whole one, ours a tenth
OBJECT_STORE_BYTES = 512 << 20  # of a cluster on this machine
QUIET = {  # usage statistics would be sent to the makers of Ray; nbx shows the progress
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_ENABLE_AUTO_CONNECT": "0",  # otherwise a thread that outlives the run would start Ray again
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # otherwise Ray writes to the stderr of this process
}
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")


def check_installed() -> None:
    """Raise ConfigError if the package is missing."""
    os.environ.update(QUIET)
    try:
        import ray.data  # noqa: F401
    except ImportError:
        what, why = "cannot use --ray", "the package ray is not installed"
        raise ConfigError(what, why, install_hint("ray")) from None


@contextlib.contextmanager
def session(address: str | None) -> Iterator[None]:
    """Keep a connection to the cluster at `address`; `local` starts one here, which ends with the block.

    Raises NetworkError if there is no cluster.
    """
    import ray
    import ray.data

    # The output of Ray and its processes is discarded; nbx writes to its own streams.
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        try:
            _connect(ray, address or LOCAL)
            _silence()
            yield
        finally:
            ray.shutdown()


def beside_driver() -> Any:
    """Return a strategy that puts a task on the node of this process, or of its proxy in the cluster."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)


def _connect(ray: Any, address: str) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if address == LOCAL:
        options |= {"num_cpus": CPUS, "object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
    handlers, stderr = _signal_handlers(), os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:  # Ray's C++ code writes to the descriptor
            os.dup2(nowhere.fileno(), 2)
        ray.init(address=address, **options)
    except (ConnectionError, ImportError, RuntimeError, ValueError, OSError) as error:
        why = first_line(error)
        hint = "check the cluster with ray status"
        raise NetworkError(f"cannot connect to Ray at {address}", why, hint, sent=False) from None
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _silence() -> None:
    """Keep Ray's loggers from writing to the terminal; its log files remain complete."""
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    data = logging.getLogger("ray.data")
    for handler in list(data.handlers):
        if type(handler).__name__ != "SessionFileHandler":
            data.removeHandler(handler)
    data.propagate = False


def _signal_handlers() -> dict[int, Any]:
    """Return the handlers of signals, which Ray replaces with its own."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    return {number: signal.getsignal(number) for number in numbers}
