"""One of several processes that train each recipe together; started by ``test_recipes.py``."""

import sys
from pathlib import Path

import torch

from lowlight_cli.training.catalog import RECIPES
from lowlight_cli.training.config import DataSettings
from lowlight_cli.training.distributed import joined
from tests.contracts.narrow_recipes import settings, train


def main(data: str, steps: str, out: str) -> None:
    """Trains every recipe for a few steps, each into a folder of its own."""
    torch.set_num_threads(1)
    with joined(torch.device("cpu")):
        for name in RECIPES:
            recipe = settings(name, DataSettings.model_validate_json(data), int(steps))
            train(name, recipe, Path(out) / name)


if __name__ == "__main__":
    main(*sys.argv[1:])
