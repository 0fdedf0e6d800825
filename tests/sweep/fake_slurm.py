"""A SLURM that says what a test wants it to say, and a fleet of tasks on it."""

import json
from dataclasses import replace

from sweeping import Recorder, sweep

from scribblebench.sweep.attempts import Owner
from scribblebench.sweep.executors import slurm_commands
from scribblebench.sweep.executors.slurm_commands import Entry, SilentError
from scribblebench.sweep.executors.slurm_fleet import Fleet
from scribblebench.training.stop import Stop


class FakeSlurm:
    def __init__(self):
        self.states, self.cancelled, self.silent = {}, [], False
        self.cancelled_tasks = []
        self.n_jobs = 0

    def submit(self, *arguments):
        name, array = (
            next(a for a in arguments if a.startswith(key)).removeprefix(key)
            for key in ("--job-name=", "--array=")
        )
        self.n_jobs += 1
        for index in slurm_commands.parse_indices(array):
            self.states[str(self.n_jobs), index, name] = "PENDING"
        return str(self.n_jobs)

    def queue(self):
        if self.silent:
            raise SilentError("Unable to contact slurm controller")
        return [Entry(job_id, i, state, name) for (job_id, i, name), state in self.states.items()]

    def cancel(self, names, *, pending_only):
        self.cancelled += [(name, pending_only) for name in names]

    def cancel_tasks(self, tasks):
        self.cancelled_tasks += tasks

    def accounted(self, tasks):
        return dict.fromkeys(tasks, "NODE_FAIL")

    def all_become(self, state):
        self.states = dict.fromkeys(self.states, state)


def install(monkeypatch):
    """Put a SLURM in place of the commands, and return it."""
    fake = FakeSlurm()
    for name in ("submit", "queue", "cancel", "cancel_tasks", "accounted"):
        monkeypatch.setattr(slurm_commands, name, getattr(fake, name))
    return fake


class Run:
    """A fleet for the three trials of the tiny protocol, one a task."""

    def __init__(self, path, output, **options):
        self.watcher, self.stop = Recorder(), Stop()
        sweep(path, output, executor=self, **options)
        self.watcher.labels = {i: i for i in self.job.order.trials}
        options = {"options": (), "trials_per_job": 1, "threads": 1, "limit": None}
        self.fleet = Fleet(self.job, self.watcher, self.stop, **options, max_array=100)
        self.folder = self.job.store.run_folder(self.job.order.run)

    def run(self, job, **_):
        self.job = job

    def round(self):
        self.fleet.ask_slurm()
        self.fleet.hear()
        if not self.stop.now():
            self.fleet.submit()

    def tell(self, worker, **event):
        with (self.folder / f"worker-{worker}.out").open("a") as file:
            file.write(json.dumps(event) + "\n")


def begin_elsewhere(run, trial_id):
    """Let the first task begin a trial, on a machine whose processes cannot be seen."""
    elsewhere = replace(Owner.this_process(run.job.order.run, 0), machine="another")
    attempt = run.job.store.attempts(trial_id).claim(elsewhere, None)
    run.tell(0, event="started", trial_id=trial_id)
    return attempt
