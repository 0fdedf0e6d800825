"""A Ray cluster: the connection, the places that it has for trials, and what its nodes see."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scribblebench.errors import InputError
from scribblebench.sweep.executors.ray_worker import probe
from scribblebench.sweep.executors.slots import MEMORY_GIB
from scribblebench.sweep.job import Job
from scribblebench.sweep.provenance import source_digest
from scribblebench.training.device import available_cores

PROBE_TIMEOUT_S = 120.0
"""Within which a node must have answered: it starts a process that imports torch."""
COUNT_S = 10.0
"""Seconds between two counts of the cluster's places."""
OBJECT_STORE_BYTES = 100_000_000
"""For a cluster started here; trials leave their results in the folder, not with Ray."""


@contextlib.contextmanager
def connected(address: str | None, *, n_cpus: int | None = None) -> Iterator[None]:
    """Connect to a cluster while the block runs, or start one on this machine.

    A connection that this process has already is used, and left as it is.

    Parameters
    ----------
    address : str, or None
        "auto" or host:port of a running cluster; None starts one that ends with the block.
    n_cpus : int, or None
        CPUs of a cluster that is started here. [default: the machine's cores]

    Raises
    ------
    InputError
        If Ray is not installed or there is no such cluster.
    """
    # Both are read when Ray is imported or started: no reports to Ray's makers.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise InputError(
            f"executor ray: needs Ray, pip install 'scribblebench[ray]' ({error})"
        ) from error
    if ray.is_initialized():
        yield
        return
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address is None:
        options |= {"address": "local", "include_dashboard": False}
        options |= {"num_cpus": n_cpus or available_cores()}
        options |= {"object_store_memory": OBJECT_STORE_BYTES}
    else:
        options |= {"address": address}
    with _own_signals():
        try:
            ray.init(**options)
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"Ray cluster '{address or 'local'}': {reason}") from error
    try:
        yield
    finally:
        ray.shutdown()


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep our answer to SIGTERM, which Ray replaces by the end of the process."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


@dataclass(frozen=True)
class Demand:
    """What one trial takes of a node.

    Parameters
    ----------
    cpus : int
    gpus : float
        A part of one; 0 on CPUs.
    memory : int
        Bytes that Ray sets aside, so that no node gets more trials than fit into it.
    """

    cpus: int
    gpus: float
    memory: int

    @staticmethod
    def on_this_cluster(device: str, *, cpus: int, gpus: float) -> Demand:
        """Return what a trial takes.

        Parameters
        ----------
        device : str
            As on the command line; "auto" takes GPUs where the cluster has any.
        cpus : int
        gpus : float
            If it computes on one.

        Raises
        ------
        InputError
            If the device cannot be chosen on a cluster.
        """
        import ray

        if device not in ("auto", "cpu", "cuda"):
            raise InputError(f"device must be auto, cpu or cuda with executor ray, got '{device}'")
        wanted = device == "cuda" or (device == "auto" and ray.cluster_resources().get("GPU", 0))
        largest = max((node["Resources"].get("memory", 0.0) for node in living_nodes()), default=0)
        memory = int(min(MEMORY_GIB * 2**30, largest))
        return Demand(cpus, gpus if wanted else 0.0, memory)

    def count(self) -> int:
        """Return how many trials the cluster's living nodes take at the same time."""
        return sum(self._count_on(node["Resources"]) for node in living_nodes())

    def _count_on(self, resources: dict[str, float]) -> int:
        wanted = {"CPU": self.cpus, "GPU": self.gpus, "memory": self.memory}
        return min(
            # A little more, for a third of a GPU is a bit more than that in floating point.
            int(resources.get(name, 0.0) / amount + 1e-6)
            for name, amount in wanted.items()
            if amount
        )

    def __str__(self) -> str:
        parts = [f"{self.cpus} CPUs" if self.cpus != 1 else "1 CPU"]
        parts += [f"{self.gpus:g} GPU"] if self.gpus else []
        return ", ".join([*parts, f"{self.memory / 2**30:.1f} GiB of memory"])


class Places:
    """Says how many tasks a cluster may hold while nodes come and go.

    Parameters
    ----------
    demand : Demand
    workers : int, or None
        Limit for the tasks.
    follow : bool
        Whether as many tasks as are at work may wait to follow them, so that no place is empty.
    patience_s : float
        How long a cluster may have no place at all.
    """

    def __init__(
        self, demand: Demand, *, workers: int | None, follow: bool, patience_s: float
    ) -> None:
        self._demand, self._workers, self._patience_s = demand, workers, patience_s
        self._follow = follow and workers is None
        self._n, self._counted = 0, float("-inf")
        self._last_place = time.monotonic()

    def limit(self) -> int:
        """Return how many tasks the cluster may hold, at least 1.

        Raises
        ------
        InputError
            If it has had no place for too long.
        """
        now = time.monotonic()
        if now - self._counted >= COUNT_S:
            self._n, self._counted = self._demand.count(), now
        if self._n:
            self._last_place = now
        elif now - self._last_place >= self._patience_s:
            raise InputError(f"Ray cluster: no node has room for a trial ({self._demand})")
        places = max(1, self._n)
        if self._workers is not None:
            return min(places, self._workers)
        return 2 * places if self._follow else places


def living_nodes() -> list[dict[str, Any]]:
    """Return the nodes that take part in the cluster, as Ray describes them."""
    import ray

    return [node for node in ray.nodes() if node["Alive"]]


def check_nodes(job: Job, environment: dict[str, str]) -> None:
    """Check that each node sees the results folder and has the same code.

    Nodes that are lost meanwhile are passed over.

    Parameters
    ----------
    job : Job
    environment : dict of str to str
        Of the tasks: the processes that answer will run trials.

    Raises
    ------
    InputError
        Naming the first node that does not.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    folder, run = str(job.store.root.absolute()), job.order.run
    task = ray.remote(probe)
    asked = {
        task.options(
            num_cpus=0,
            max_retries=0,
            runtime_env={"env_vars": environment},
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
        ).remote(folder, run): node["NodeManagerHostname"]
        for node in living_nodes()
    }
    ready, _ = ray.wait(list(asked), num_returns=len(asked), timeout=PROBE_TIMEOUT_S)
    for answer in ready:
        name = asked[answer]
        try:
            sees, code = ray.get(answer)
        except ray.exceptions.RayTaskError as error:
            cause = " ".join(str(error.cause).split())
            raise InputError(f"Ray node {name}: cannot run scribblebench ({cause})") from error
        except ray.exceptions.RayError:
            continue
        if not sees:
            raise InputError(
                f"{folder}: must be on a file system that all nodes share; Ray node {name} does "
                "not see it"
            )
        if code != source_digest():
            raise InputError(f"Ray node {name}: must have the code of this machine, got other code")
