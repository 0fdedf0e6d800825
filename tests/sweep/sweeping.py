"""Runs sweeps in this process and remembers what they told."""

import torch

from scribblebench.sweep.protocol import read_protocol
from scribblebench.sweep.run import run_sweep


class Recorder:
    def __init__(self):
        self.events = []

    def sweep_started(self, *, n_trials, finished):
        self.events.append(("sweep", n_trials, len(finished)))

    def trial_started(self, config):
        self.events.append(("start", config.label()))

    def step(self, done, total):
        pass

    def trial_finished(self, config, outcome):
        self.events.append(("finish", config.label()))

    def trial_failed(self, config, error):
        self.events.append(("fail", config.label(), error))


def sweep(path, output, **options):
    watcher = Recorder()
    summary = run_sweep(
        read_protocol(path),
        protocol_text=path.read_text(),
        output=output,
        root=options.pop("root", None),
        device=torch.device("cpu"),
        watcher=watcher,
        **options,
    )
    return summary, watcher.events
