"""A Ray cluster of nodes on this machine, in a process of its own: `ray_nodes.py NODES CPUS GPUS`.

Prints its address and the process of each node's raylet as a line of JSON, then takes the numbers
of nodes to remove, one a line, and ends with its standard input.
"""

import contextlib
import json
import os
import signal
import sys
from pathlib import Path

from ray.cluster_utils import Cluster


def processes_of(raylet):
    """Return the processes that a raylet has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == raylet:
                found.append(int(path.parent.name))
    return found


def raylet_of(node):
    return node.all_processes["raylet"][0].process.pid


def tell(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(n_nodes, cpus, gpus):
    cluster = Cluster()
    small = {"num_cpus": cpus, "num_gpus": gpus, "object_store_memory": 80_000_000}
    nodes = [cluster.add_node(include_dashboard=False, **small) for _ in range(n_nodes)]
    cluster.wait_for_nodes()
    tell(json.dumps({"address": cluster.address, "raylets": [raylet_of(n) for n in nodes]}))
    for line in sys.stdin:
        node = nodes[int(line)]
        children = processes_of(raylet_of(node))
        cluster.remove_node(node, allow_graceful=False)
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        tell("removed")
    cluster.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
