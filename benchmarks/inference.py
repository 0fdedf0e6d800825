"""What inference adds: the moving average of the weights, flips and the largest component.

    python benchmarks/inference.py --protocol ablation-acdc.yaml \
        --methods full pce zscribbleseg_plus --output inference.csv

Trains each method on the protocol's given form (expert scribbles, or dense labels) with each of its
seeds, scores the same networks in all eight ways, and prints the mean Dice of each and what leaving
one thing out of the default (last weights, flips, largest component) changes.
"""

import argparse
import itertools
from pathlib import Path

import pandas as pd
import torch

from scribblebench.metrics import dice
from scribblebench.sweep.annotation import annotate
from scribblebench.sweep.inputs import load_data
from scribblebench.sweep.plan import expand
from scribblebench.sweep.protocol import data_root, find_protocol, read_protocol
from scribblebench.sweep.sources import DataRequest, Places, open_source
from scribblebench.sweep.training_stage import training_data
from scribblebench.training.history import LOG_EVERY
from scribblebench.training.loop import Run
from scribblebench.training.prediction import predict_case

CPU = torch.device("cpu")


def trained(config, data):
    """Train a trial's network and return it with the moving average of its weights."""
    targets = [annotate(slices, config, data.labels) for slices in data.training]
    training = training_data(data.training, targets, config, data.labels)
    run = Run(training, config.objective, config.training, seed=config.seed, device=CPU)
    while run.step < config.training.steps:
        run.advance()
        if run.step % LOG_EVERY == 0:
            run.write_history()
    return {"last": run.network, "average": run.average.network}


def scores(networks, config, data):
    """Yield the Dice of every case and class for every way of inference."""
    for (weights, network), flips in itertools.product(networks.items(), (False, True)):
        settings = config.training.model_copy(
            update={"test_time_flips": flips, "largest_component": True}
        )
        for slices in data.scored:
            filtered, raw = predict_case(
                network, slices, settings, n_classes=data.labels.n_classes, device=CPU
            )
            target = slices.case.label_map
            for component, pred in ((False, raw), (True, filtered)):
                for class_id in data.labels.foreground:
                    yield {
                        "method": config.method,
                        "seed": config.seed,
                        "weights": weights,
                        "flips": flips,
                        "largest_component": component,
                        "case_id": slices.case.case_id,
                        "class_id": class_id,
                        "dsc": dice(pred == class_id, target == class_id),
                    }


def summary(rows):
    """Return the mean Dice of each way, and the change of each single choice from the default."""
    ways = rows.groupby(["method", "weights", "flips", "largest_component"])["dsc"].mean()
    table = []
    for method in rows["method"].unique():
        default = ways[method, "last", True, True]
        table.append(
            {
                "method": method,
                "default": default,
                "averaged weights instead": ways[method, "average", True, True] - default,
                "without flips": ways[method, "last", False, True] - default,
                "all components": ways[method, "last", True, False] - default,
                "neither": ways[method, "last", False, False] - default,
            }
        )
    return pd.DataFrame(table)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--protocol", default="ablation-acdc.yaml")
    parser.add_argument("--methods", nargs="+", default=["full", "pce", "zscribbleseg_plus"])
    parser.add_argument("--seeds", nargs="+", type=int)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    protocol = read_protocol(find_protocol(arguments.protocol))
    configs = [
        config
        for config in expand(protocol)
        if config.method in arguments.methods
        and (arguments.seeds is None or config.seed in arguments.seeds)
    ]
    request = DataRequest.of(protocol)
    source = open_source(request, Places(data_root(arguments.data, protocol)))
    data, _ = load_data(request, source, configs)
    rows = []
    for config in configs:
        rows += scores(trained(config, data), config, data)
        pd.DataFrame(rows).to_csv(arguments.output, index=False)
        print(f"{config.label()}: trained and scored", flush=True)
    print(summary(pd.DataFrame(rows)).to_string(index=False, float_format="%.3f"))


if __name__ == "__main__":
    main()
