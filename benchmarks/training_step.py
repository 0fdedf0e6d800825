"""Time a training step of each method, and its share outside the network.

    python benchmarks/training_step.py [--preset cpu|paper|volume] [--parts] [METHOD ...]

`cpu` is the preset of the shipped protocols (batch 8, 128 x 128, `unet` of width 16), `paper` the
resolution of ZScribbleSeg (batch 4, 212 x 212, `basic_unet` of width 32; the authors' release takes
41.5 s a step and 47.3 s with the spatial term on 2 CPU cores, and up to 10.1 GB), `volume` the
training of `protocols/hippocampus.yaml` (batch 4, 32 x 48 x 48, `unet` of width 16).

A step is timed late in the schedule, when every term is on. The network's share is what its
forward and backward passes take on images of the same size, with nothing else: forward, gradient
with respect to the images where saliency is wanted, forward of the second view, teacher's forward,
one backward. Both are timed alternately in one run, so other work on the machine hits both.
"""

import argparse
import resource
import time
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from scribblebench.methods import METHODS
from scribblebench.training import objective, second_view
from scribblebench.training.averaging import MovingAverage
from scribblebench.training.data import Batches, TrainingData
from scribblebench.training.device import choose_device
from scribblebench.training.loop import Run
from scribblebench.training.scribble_geometry import GeometryCheck, ScribbleGeometry
from scribblebench.training.settings import TrainingSettings
from scribblebench.types import IGNORE_LABEL

PRESETS = {
    "cpu": {"field_of_view": 160, "patch": 128, "batch_size": 8},
    "paper": {
        "field_of_view": 212,
        "patch": 212,
        "batch_size": 4,
        "network": "basic_unet",
        "width": 32,
    },
    "volume": {
        "field_of_view": 56,
        "patch": 48,
        "volume": {"planes": 48, "patch_planes": 32},
        "batch_size": 4,
    },
}
N_SLICES = 64
N_VOLUMES = 8
N_CLASSES = 4


def made_data(settings):
    """Return three nested discs with crosses of scribbles, as slices of a heart have them.

    In 3D the slices of a volume are all the same.
    """
    side = settings.field_of_view
    rng = np.random.default_rng(0)
    row, col = np.mgrid[:side, :side] - side / 2
    distance = np.hypot(row, col) / side
    dense = np.digitize(distance, [0.06, 0.1, 0.16])
    dense = np.array([3, 2, 1, 0], dtype=np.uint8)[dense]
    scribble = np.full_like(dense, IGNORE_LABEL)
    marked = (np.abs(row) < 1) | (np.abs(distance - 0.2) < 0.5 / side)
    scribble[marked & (distance < 0.21)] = dense[marked & (distance < 0.21)]
    images = dense + rng.normal(0, 0.5, (N_SLICES, 1, side, side))
    shape = (N_SLICES, side, side)
    geometry = ScribbleGeometry(
        np.broadcast_to(distance > 0.2, shape),
        np.ones((N_SLICES, N_CLASSES), dtype=bool),
        GeometryCheck(N_SLICES, 1.0, 0.0, 25.0),
    )
    images, targets = images.astype(np.float32), np.broadcast_to(scribble, shape).copy()
    if settings.volume is None:
        return TrainingData(images, targets, N_CLASSES, geometry=geometry)
    planes = settings.volume.planes
    images = np.repeat(images[:N_VOLUMES], planes, axis=0).reshape(N_VOLUMES, planes, 1, side, side)
    volumes = np.broadcast_to(scribble, (N_VOLUMES, planes, side, side)).copy()
    whole = replace(
        geometry,
        background=np.broadcast_to(distance > 0.2, (N_VOLUMES * planes, side, side)),
        present=np.ones((N_VOLUMES * planes, N_CLASSES), dtype=bool),
    )
    return TrainingData(images.swapaxes(1, 2).copy(), volumes, N_CLASSES, geometry=whole)


def network_passes(run, settings_of_terms):
    """Run the passes of a step's networks and nothing else."""
    settings = run.settings
    size = (settings.batch_size, 1, *settings.patch_size)
    images = torch.randn(size, device=run.device).contiguous(memory_format=run.layout)
    mixup = settings_of_terms.view is not None and settings_of_terms.view.mixup is not None
    if mixup:
        images.requires_grad_()
    logits = list(run.two_logits(images)) if settings_of_terms.dual else [run.logits(images)]
    if mixup:
        torch.autograd.grad(logits[0].mean(), images, retain_graph=True)
    if settings_of_terms.view:
        logits.append(run.logits(images.detach()))
    if settings_of_terms.teacher:
        run.averaged_probs(images.detach())
    torch.stack([each.mean() for each in logits]).sum().backward()


PARTS = {
    "batch and augmentation": (Batches, "batch"),
    "mask of the mix": (second_view, "saliency_mix"),
    "consistency": (second_view, "global_consistency"),
    "neighbours": (objective, "weighted_neighbours"),
    "class ratios": (objective, "estimate_ratios"),
    "negatives": (objective, "negatives"),
    "spatial loss": (objective, "spatial_loss"),
    "shape loss": (objective, "shape_loss"),
    "clipping": (nn.utils, "clip_grad_norm_"),
    "moving average": (MovingAverage, "update"),
}
"""What a step does beside running networks, and the function that does it."""


def print_parts(run, n_steps):
    """Time the parts of some steps, each waited for, and print their medians."""
    spent = {name: [] for name in PARTS}
    originals = {name: getattr(owner, call) for name, (owner, call) in PARTS.items()}

    def timed(name):
        def call(*arguments, **options):
            done = []
            spent[name].append(
                seconds(lambda: done.append(originals[name](*arguments, **options)), run.device)
            )
            return done[0]

        return call

    for name, (owner, call) in PARTS.items():
        setattr(owner, call, timed(name))
    for _ in range(n_steps):
        run.advance()
    for name, (owner, call) in PARTS.items():
        setattr(owner, call, originals[name])
    for name, times in spent.items():
        if times:
            print(f"    {name:<24} {1e3 * np.median(times):7.1f} ms, forward only", flush=True)


def seconds(call, device):
    start = time.perf_counter()
    call()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def peak_gib(device):
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--preset", choices=PRESETS, default="cpu")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--parts", action="store_true", help="What the rest of a step goes to.")
    parser.add_argument("methods", nargs="*", default=METHODS.names())
    arguments = parser.parse_args()
    device = choose_device(arguments.device)
    n_steps = 2 + arguments.steps
    # Four fifths of the schedule are over, so that every term has set in.
    settings = TrainingSettings(**PRESETS[arguments.preset], steps=10 * n_steps)
    data = made_data(settings)
    print(f"{device}, {torch.get_num_threads()} threads, preset {arguments.preset}")
    print("method, ms a step, ms in the network, % outside it, peak GiB of the process so far")
    for name in arguments.methods:
        terms = METHODS[name].objective
        run = Run(data, terms, settings, seed=0, device=device)
        run.step = 8 * n_steps
        times = []
        for _ in range(n_steps):
            step = seconds(run.advance, device)
            network = seconds(lambda run=run, terms=terms: network_passes(run, terms), device)
            times.append((step, network))
        step, network = np.median(np.array(times)[2:], axis=0)
        print(
            f"{name:<22} {1e3 * step:7.1f} {1e3 * network:7.1f} {1 - network / step:6.1%} "
            f"{peak_gib(device):5.2f}",
            flush=True,
        )
        if arguments.parts:
            print_parts(run, arguments.steps)


if __name__ == "__main__":
    main()
