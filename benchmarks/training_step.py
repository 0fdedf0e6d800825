"""Time a training step of each method, and its share outside the network.

    python benchmarks/training_step.py [--device cpu] [--steps 30]

The work outside the network is what remains of a step when the forward and backward pass of the
network on a batch of the same size, measured in the same run, is taken off.
"""

import argparse
import time

import numpy as np
import torch

from scribblebench.methods import METHODS
from scribblebench.training.device import autocast, choose_device
from scribblebench.training.loop import TrainingData, initial_network, train
from scribblebench.training.settings import TrainingSettings


def network_seconds(data, settings, device):
    network = initial_network(data, settings, seed=0).to(device)
    network.to(memory_format=torch.channels_last)
    x = torch.randn(settings.batch_size, 1, settings.patch, settings.patch, device=device)
    x = x.contiguous(memory_format=torch.channels_last)
    seconds = []
    for _ in range(settings.steps):
        start = time.perf_counter()
        with autocast(device, settings.precision):
            logits = network(x)
        logits.float().square().mean().backward()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int, default=30)
    arguments = parser.parse_args()
    device = choose_device(arguments.device)
    settings = TrainingSettings(steps=arguments.steps)
    rng = np.random.default_rng(0)
    side = settings.field_of_view
    data = TrainingData(
        images=rng.normal(size=(64, 1, side, side)).astype(np.float32),
        targets=rng.integers(0, 4, (64, side, side)).astype(np.uint8),
        n_classes=4,
    )
    alone = network_seconds(data, settings, device)
    print(f"{device}, {torch.get_num_threads()} threads, network alone {1e3 * alone:.0f} ms")
    warm = settings.model_copy(update={"steps": 3})
    for name in METHODS:
        train(data, METHODS[name].terms, warm, seed=0, device=device)
        start = time.perf_counter()
        train(data, METHODS[name].terms, settings, seed=0, device=device)
        step = (time.perf_counter() - start) / settings.steps
        print(f"{name:<8} {1e3 * step:.0f} ms a step, {1 - alone / step:.0%} outside the network")


if __name__ == "__main__":
    main()
