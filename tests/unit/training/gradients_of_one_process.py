"""A few steps of a layer in one of several processes; writes what came out as JSON."""

import json
import os
import sys
from typing import Any

import torch
from torch import nn

from lowlight_cli.training import distributed as processes
from lowlight_cli.training.config import OptimizerSettings, Recipe, RunSettings
from lowlight_cli.training.optimizer import GuardedOptimizer

CPU = torch.device("cpu")


def steps_taken(rank: int) -> dict[str, Any]:
    """Weights after each step, two parameters that not all processes know, and what became of a bad step."""
    batch = torch.arange(12.0).cos().view(4, 3)
    layer, lonely, idle = nn.Linear(3, 1), nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(1))
    optimizer = OptimizerSettings(learning_rate=0.1, clip=1e6)
    recipe = Recipe(run=RunSettings(batch_size=4), optimizer=optimizer)
    steps = GuardedOptimizer([*layer.parameters(), lonely, idle], recipe, CPU)
    with torch.no_grad():
        layer.weight.fill_(0.5), layer.bias.zero_()
    weights, taken = [], False
    for _ in range(3):
        loss = layer(batch[rank :: processes.world_size()]).square().mean()
        # Of two processes, one knows nothing of this parameter; Adam does not mind the size.
        steps.backward(loss + lonely.sum() if rank == 0 else loss)
        taken = steps.step(1.0)
        weights += layer.weight.flatten().tolist()
    # What is not finite in one process is left out by all.
    steps.backward(layer(batch[rank :: processes.world_size()]).sum() * (float("nan") if rank == 0 else 1.0))
    left_out = steps.step(1.0)
    return {
        "weights": weights, "lonely": lonely.tolist(), "idle": idle.tolist(),
        "taken": taken, "left_out": left_out, "failed": steps.failed,
    }  # fmt: skip


if __name__ == "__main__":
    with processes.joined(CPU):
        sys.stdout.write(json.dumps(steps_taken(int(os.environ["RANK"]))))
