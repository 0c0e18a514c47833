"""A Ray cluster on this machine, as a process of its own: a head without CPUs, and two nodes.

It prints the address of the cluster, those for Ray Client and of the dashboard, and the folder of its
session. The line `kill` on stdin kills a node on which no coordinator runs, `add` adds another node, and
the end of stdin ends the cluster.
"""

import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

STORE_BYTES = 100 << 20


def coordinators() -> set[int]:
    """Return the process ids of the parents of all coordinators: these are the nodes that they run on."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "cmdline").read_bytes().startswith(b"ray::Coordinator"):
                found.add(int((folder / "stat").read_text().rpartition(")")[2].split()[1]))
    return found


def raylet(node: Any) -> int:
    return int(node.all_processes["raylet"][0].process.pid)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def main() -> None:
    dashboard = os.environ.get("NBX_TEST_DASHBOARD") == "1"
    port = free_port()
    head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": dashboard}
    head |= {"ray_client_server_port": port, "dashboard_port": free_port()}  # of several clusters at a time
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.add_node(num_cpus=2, object_store_memory=STORE_BYTES) for _ in range(2)]
    dashboard_at, session = cluster.webui_url or "-", cluster.head_node.get_session_dir_path()
    sys.stdout.write(f"{cluster.address} ray://127.0.0.1:{port} {dashboard_at} {session}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        if line.strip() == "kill":
            busy = coordinators()
            node = next(node for node in nodes if raylet(node) not in busy)
            nodes.remove(node)
            cluster.remove_node(node, allow_graceful=False)
        else:
            nodes.append(cluster.add_node(num_cpus=2, object_store_memory=STORE_BYTES))
        sys.stdout.write("done\n")
        sys.stdout.flush()
    cluster.shutdown()


if __name__ == "__main__":
    main()
