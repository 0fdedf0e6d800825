"""Sweeps on Ray clusters, which lose workers and nodes.

Ray warns of this and that, so it runs in processes of its own: commands, and `ray_nodes.py`.
"""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from commands import TOY, check_whole, kill, results, running, start_sweep, wait_for

from scribblebench.errors import InputError
from scribblebench.sweep.executors.ray import Ray
from scribblebench.sweep.executors.ray_cluster import Demand, connected
from scribblebench.sweep.store import Store

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install '.[ray]'"
)
NODES = Path(__file__).with_name("ray_nodes.py")
FAILING = {"learning_rate": 1e30, "clip_norm": 1e30}
"""Makes the loss infinite."""


@pytest.fixture
def many(write_protocol):
    """Twelve trials."""
    content = TOY | {"densities": [0.1, 0.2, 0.3, 0.5]}
    content["training"] = TOY["training"] | {"steps": 150}
    return write_protocol(content)


class Nodes:
    """Nodes on this machine, in a process that is told which to remove."""

    def __init__(self, process):
        self._process = process
        about = json.loads(process.stdout.readline())
        self.address, self.raylets = about["address"], about["raylets"]

    def of(self, pid):
        """Return the number of the node that started a process, or None."""
        try:
            parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return None
        return self.raylets.index(parent) if parent in self.raylets else None

    def remove(self, number):
        self._process.stdin.write(f"{number}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "removed\n"


@contextmanager
def nodes(n, *, cpus=1, gpus=0, before=()):
    process = subprocess.Popen(
        [*before, sys.executable, str(NODES), str(n), str(cpus), str(gpus)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
    )
    try:
        yield Nodes(process)
    finally:
        process.communicate(timeout=60)


@pytest.fixture(scope="module")
def three_nodes():
    with nodes(3) as found:
        yield found


def start_ray_sweep(protocol, output, *options, workers=3):
    return start_sweep(protocol, output, "--executor", "ray", *options, workers=workers)


def halt(output, process, *, of=lambda pid: True):
    """Stop a process in the midst of a trial, and return the attempt's folder and the process."""

    def halted():
        for folder, pid in running(output).items():
            if of(pid):
                os.kill(pid, signal.SIGSTOP)
                time.sleep(0.1)
                trial = folder.parent.parent
                if not (folder / "status.json").exists() and trial.name not in results(output):
                    return folder, pid
                os.kill(pid, signal.SIGCONT)
        return None

    return wait_for(halted, process)


def n_attempts(output, folder):
    return len(Store(output).attempts(folder.parent.parent.name).all())


@needs_ray
@pytest.mark.slow
def test_a_killed_ray_worker_costs_an_attempt_and_nothing_else(many, three_nodes, tmp_path):
    output = tmp_path / "out"
    process = start_ray_sweep(many, output, "--ray-address", three_nodes.address)
    wait_for(lambda: len(results(output)) >= 2, process)
    folder, pid = halt(output, process)
    before = results(output)
    assert three_nodes.of(pid) is not None
    assert kill(pid)
    _, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert "its Ray worker was lost (WorkerCrashedError); the trial is tried again" in err
    assert before.items() <= results(output).items()
    check_whole(output, 12)
    all_attempts = [len(Store(output).attempts(trial_id).all()) for trial_id in results(output)]
    assert n_attempts(output, folder) == 2
    assert sum(all_attempts) == 13


@needs_ray
@pytest.mark.slow
def test_a_trial_that_fails_by_itself_is_not_tried_again(three_nodes, tmp_path, write_protocol):
    content = TOY | {"densities": [0.1], "training": TOY["training"] | FAILING}
    output = tmp_path / "out"
    path = write_protocol(content)
    for told in ("0 finished now, 3 failed", "0 finished now, 0 failed"):
        process = start_ray_sweep(path, output, "--ray-address", three_nodes.address)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 1, err
        assert told in out
        assert [len(list(p.glob("attempts/*"))) for p in output.glob("trials/*")] == [1, 1, 1]
    assert "3 failed in earlier runs" in err


@needs_ray
@pytest.mark.slow
def test_a_node_that_is_lost_half_way_costs_its_trial_an_attempt(many, three_nodes, tmp_path):
    """The last test on these nodes: one of them is gone with all of its processes."""
    output = tmp_path / "out"
    process = start_ray_sweep(many, output, "--ray-address", three_nodes.address)
    wait_for(lambda: len(results(output)) >= 4, process)

    # The first node is the cluster's head, which cannot be lost.
    folder, pid = halt(output, process, of=lambda pid: three_nodes.of(pid) in (1, 2))
    before = results(output)
    three_nodes.remove(three_nodes.of(pid))
    _, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert "; the trial is tried again" in err
    assert "was lost" in (folder / "status.json").read_text()
    assert before.items() <= results(output).items()
    check_whole(output, 12)
    assert n_attempts(output, folder) == 2
    assert all(len(Store(output).attempts(trial_id).all()) == 1 for trial_id in before)


@needs_ray
@pytest.mark.slow
def test_without_a_cluster_one_is_started_here_and_an_interrupt_saves_the_state(
    tmp_path, write_protocol
):
    output = tmp_path / "out"
    content = TOY | {"densities": [0.1], "training": TOY["training"] | {"steps": 400}}
    path = write_protocol(content)
    process = start_ray_sweep(path, output, workers=2)
    folder = next(iter(wait_for(lambda: running(output), process)))
    wait_for(lambda: "step" in (folder / "log.txt").read_text(), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert Store(output).attempts(folder.parent.parent.name).last().status().state == "stopped"
    checkpoint = folder.parent.parent / "checkpoint.pt"
    assert 0 < torch.load(checkpoint, weights_only=True)["step"] < 400
    assert not running(output)
    out, err = start_ray_sweep(path, output, workers=2).communicate(timeout=240)
    assert "3 finished now, 0 failed" in out, err
    check_whole(output, 3)


@needs_ray
@pytest.mark.slow
def test_nodes_that_do_not_see_the_results_folder_are_refused(many, tmp_path):
    """An empty file system is mounted over the folder, for the node only; needs to be root."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    mount = f"mount -t tmpfs tmpfs {hidden}"
    before = ["unshare", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh"]
    if os.geteuid() != 0 or subprocess.run([*before, "true"], check=False).returncode:
        pytest.skip("cannot mount a file system here")
    with nodes(1, before=before) as one:
        process = start_ray_sweep(many, hidden / "out", "--ray-address", one.address)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert f"{hidden}/out: must be on a file system that all nodes share; Ray node" in err
    assert "Traceback" not in err


@needs_ray
@pytest.mark.slow
def test_a_task_computes_on_the_part_of_a_gpu_that_it_was_given():
    """Ray believes in GPUs that it is told of; a task finds the one that it was given."""
    program = """
import os, ray
from scribblebench.sweep.executors.ray import _environment, _remote
from scribblebench.sweep.executors.ray_cluster import Demand, Places
from scribblebench.sweep.executors.ray_worker import assigned_gpu
def task(seconds):
    import time; time.sleep(seconds); return os.getpid(), assigned_gpu()
ray.init(address="local", num_cpus=8, num_gpus=2, include_dashboard=False, log_to_driver=False)
demand = Demand.on_this_cluster("auto", cpus=1, gpus=1 / 3)
assert Places(demand, workers=None, follow=False, patience_s=0.0).limit() == 6
options = {"num_cpus": 1, "num_gpus": demand.gpus, "runtime_env": {"env_vars": _environment(1)}}
remote = ray.remote(max_calls=0)(task).options(**options)
first = ray.get([remote.remote(2.0) for _ in range(6)])
assert sorted(gpu for _, gpu in first) == [0, 0, 0, 1, 1, 1], first
again = ray.get([remote.remote(0.0) for _ in range(6)])
assert {pid for pid, _ in again} <= {pid for pid, _ in first}
print("well")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.endswith("well\n"), done.stderr


def test_places_are_counted_by_what_is_scarce():
    demand = Demand(cpus=2, gpus=1 / 3, memory=10)
    assert demand._count_on({"CPU": 64.0, "GPU": 2.0, "memory": 1e9}) == 6
    assert demand._count_on({"CPU": 5.0, "GPU": 2.0, "memory": 1e9}) == 2
    assert demand._count_on({"CPU": 64.0, "GPU": 2.0, "memory": 35.0}) == 3
    assert demand._count_on({"CPU": 64.0, "memory": 1e9}) == 0


def test_without_ray_an_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install 'scribblebench\[ray\]'"), connected(None):
        pass


@pytest.mark.parametrize("wrong", [{"cpus": 0}, {"gpus": 0.0}, {"gpus": 1.5}, {"workers": 0}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(InputError, match="must be"):
        Ray(**wrong)
