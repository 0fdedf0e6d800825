"""Runs sweeps in this process and remembers what they told."""

import torch

from scribblebench.sweep.executors import InProcess
from scribblebench.sweep.planning import plan_sweep
from scribblebench.sweep.protocol import read_protocol
from scribblebench.sweep.run import Options, run_sweep
from scribblebench.sweep.sources import Places


class Recorder:
    def __init__(self):
        self.events = []
        self.labels = {}

    def sweep_started(self, trials, finished):
        self.labels = {trial_id: config.label() for trial_id, config in trials}
        self.events.append(("sweep", len(trials) + len(finished), len(finished)))

    def trial_started(self, trial_id):
        self.events.append(("start", self.labels[trial_id]))

    def step(self, trial_id, done, total):
        pass

    def trial_finished(self, trial_id, *, mean_dsc, seconds):
        self.events.append(("finish", self.labels[trial_id]))

    def trial_failed(self, trial_id, error):
        self.events.append(("fail", self.labels.get(trial_id), error))

    def trial_put_back(self, trial_id, reason):
        self.events.append(("put back", self.labels[trial_id], reason))


def sweep(path, output, *, root=None, prepared=None, stop=None, executor=None, **options):
    watcher = Recorder()
    planned = plan_sweep(read_protocol(path), output=output, places=Places(root, prepared))
    summary = run_sweep(
        planned,
        protocol_text=path.read_text(),
        executor=executor or InProcess(torch.device("cpu")),
        device="cpu",
        watcher=watcher,
        stop=stop,
        options=Options(**options),
    )
    return summary, watcher.events
