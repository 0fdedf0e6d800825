"""A real SLURM of one node, in a temporary folder and without any service of the machine.

`python tests/sweep/slurm_node.py FOLDER` runs one until it is interrupted, and says which
SLURM_CONF to set.
"""

import contextlib
import os
import platform
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel")
CONF = """\
ClusterName=toy
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=sched_interval=2,batch_sched_delay=0
ReturnToService=2
KillWait=10
MaxArraySize={max_array}
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=1000
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """Return why there can be no node here, or None."""
    lacking = [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)} (Debian: slurm-wlm, munge)"
    return None if os.geteuid() == 0 else "slurmctld and slurmd are started as root"


@contextlib.contextmanager
def node(*, cpus=2, max_array=1001):
    """Run a node and set SLURM_CONF and PATH to it; everything it runs is ended after that."""
    # Sockets want short paths.
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    before = dict(os.environ)
    os.environ |= {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": _path()}
    daemons = []
    try:
        _write_files(folder, cpus=cpus, max_array=max_array)
        munge = [f"--{name}={folder}/munge.{name}" for name in ("socket", "key-file")]
        munge += [f"--{name}={folder}/munge.{name}" for name in ("pid-file", "log-file")]
        munge += [f"--seed-file={folder}/munge.seed", "--foreground", "--force"]
        daemons.append(_start(folder, "munged", *munge))
        _wait_for((folder / "munge.socket").exists, folder)
        daemons.append(_start(folder, "slurmctld", "-D", "-c"))
        daemons.append(_start(folder, "slurmd", "-D", "-N", platform.node()))
        _wait_for(lambda: _ask("sinfo", "-h", "-o", "%T").strip() == "idle", folder)
        yield folder
    finally:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            _empty()
        for daemon in reversed(daemons):
            daemon.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(timeout=15)
            daemon.kill()
            daemon.wait()
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(folder, ignore_errors=True)


def _path():
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _write_files(folder, *, cpus, max_array):
    ports = []
    with contextlib.ExitStack() as sockets:
        for _ in range(2):
            free = sockets.enter_context(socket.socket())
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    (folder / "state").mkdir()
    (folder / "spool").mkdir()
    key = folder / "munge.key-file"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o600)
    (folder / "slurm.conf").write_text(
        CONF.format(
            host=platform.node(), folder=folder, ports=ports, cpus=cpus, max_array=max_array
        )
    )


def _start(folder, *command):
    with (folder / f"{command[0]}.out").open("w") as out:
        return subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)


def _ask(*command):
    ended = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    return ended.stdout


def _wait_for(condition, folder, timeout_s=30):
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            said = "\n".join(path.read_text() for path in folder.glob("*.out"))
            raise RuntimeError(f"SLURM does not start:\n{said}")
        time.sleep(0.2)


def _empty():
    """Cancel all jobs and wait until they are gone."""
    _ask("scancel", "--user", "root")
    deadline = time.monotonic() + 15
    while _ask("squeue", "-h", "-o", "%i") and time.monotonic() < deadline:
        _ask("scancel", "--signal=KILL", "--full", "--user", "root")
        time.sleep(0.5)


if __name__ == "__main__":
    with node() as where, contextlib.suppress(KeyboardInterrupt):
        sys.stderr.write(f"export SLURM_CONF={where}/slurm.conf\n")
        while True:
            time.sleep(60)
