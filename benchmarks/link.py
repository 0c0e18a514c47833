"""A network link with a delay: packets of a TUN device come back late, as if from a server far away.

The kernel's own TCP runs over it, so each round trip costs what it costs: the one of a connection, those of
TLS, that of the request. (A relay in front of a server cannot do that: a connection to it is made at once.)
Needs Linux, `ip`, and root or user namespaces. `python -m` is not needed: `enter` starts a script again in a
network namespace of its own, where nothing else of the machine is seen or changed.
"""

import collections
import contextlib
import fcntl
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import Process

NEAR, FAR = "10.99.0.1", "10.99.0.2"  # a server that listens at NEAR is reached at FAR, and is far away
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # of linux/if_tun.h
INSIDE = "NBX_BENCHMARK_NAMESPACE"


def enter() -> None:
    """Start this script again in a network namespace of its own, unless it is in one."""
    if INSIDE not in os.environ:
        os.environ[INSIDE] = "yes"
        command = ["unshare", "--user", "--map-root-user", "--net", sys.executable, *sys.argv]
        os.execvp(command[0], command)  # noqa: S606 - no shell is needed


@contextlib.contextmanager
def link(round_trip_s: float) -> Iterator[None]:
    """Make FAR reachable, `round_trip_s` seconds away."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"far", IFF_TUN | IFF_NO_PI))
    for words in ("link set lo up", f"addr add {NEAR}/24 dev far", "link set far up"):
        subprocess.run(["ip", *words.split()], check=True)  # noqa: S607 - wherever it is
    process = Process(target=_return_late, args=(device, round_trip_s / 2), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()
        os.close(device)


def _return_late(device: int, delay_s: float) -> None:
    """Send each packet back after `delay_s`, with sender and receiver exchanged; no checksum changes."""
    waiting: collections.deque[tuple[float, bytes]] = collections.deque()
    while True:
        left = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        if select.select([device], [], [], left)[0]:
            packet = os.read(device, 65536)
            if packet[0] >> 4 == 4:  # IPv6 asks who else is there
                swapped = packet[:12] + packet[16:20] + packet[12:16] + packet[20:]
                waiting.append((time.monotonic() + delay_s, swapped))
        while waiting and waiting[0][0] <= time.monotonic():
            os.write(device, waiting.popleft()[1])
