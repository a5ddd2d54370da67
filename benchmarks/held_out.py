"""Scores the shipped model and methods without learning on pairs that it was not trained on.

Needs a folder with ``low`` and ``high``, equal names in both, or LLE_DATA_ROOT (then its pairs/train).

    python benchmarks/held_out.py PAIRS [--names 115,197] [--json]
"""

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.datasets.paired import Pair, find_pairs
from lowlight_cli.evaluation.classic import CLASSICS
from lowlight_cli.evaluation.fidelity import mean_absolute_error, psnr, psnr_of_equal_means
from lowlight_cli.evaluation.structural_similarity import ssim
from lowlight_cli.images.decode import decode
from lowlight_cli.images.padding import crop, pad_to_multiple
from lowlight_cli.images.pixels import to_images
from lowlight_cli.models.controls import Controls
from lowlight_cli.tensors import Images
from lowlight_cli.training.config import HELD_OUT_SCENES

Method = Callable[[Images], Images]

METRICS = {
    "PSNR": psnr,
    "SSIM": ssim,
    "MAE": mean_absolute_error,
    "GT-mean PSNR": psnr_of_equal_means,
}


def main() -> None:
    """Prints a table of mean scores, or JSON with those of each pair."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", nargs="?", type=Path, default=default_folder())
    parser.add_argument("--names", default=",".join(HELD_OUT_SCENES), help="pairs to score; 'all' for all")
    parser.add_argument("--model", default="codeenhance")
    parser.add_argument("--checkpoint", type=Path, help="weights in place of the shipped ones")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.pairs is None:
        parser.error("give a folder of pairs, or set LLE_DATA_ROOT")
    pairs = find_pairs(arguments.pairs / "low", arguments.pairs / "high")
    if arguments.names != "all":
        pairs = [pair for pair in pairs if pair.name in arguments.names.split(",")]
    if not pairs:
        parser.error("no pair has one of these names")
    model = model_method(arguments.model, arguments.checkpoint, arguments.device)
    methods: dict[str, Method] = {"input": lambda images: images, **CLASSICS, arguments.model: model}
    scores = {name: score(method, pairs) for name, method in methods.items()}
    if arguments.json:
        print(json.dumps({"pairs": [pair.name for pair in pairs], "scores": scores}, indent=2))
    else:
        Console().print(as_table(scores, len(pairs)))


def default_folder() -> Path | None:
    """Folder of the pairs under LLE_DATA_ROOT."""
    root = os.environ.get("LLE_DATA_ROOT")
    return Path(root) / "pairs" / "train" if root else None


def model_method(name: str, checkpoint: Path | None, device: str) -> Method:
    """The model as a function of pictures of any size."""
    enhancer = load_enhancer(name, checkpoint=checkpoint, device=device)

    def enhance(images: Images) -> Images:
        height, width = images.shape[2:]
        padded = pad_to_multiple(images, enhancer.size_multiple).to(device)
        with torch.inference_mode():
            return crop(enhancer.enhance(padded, Controls()), height, width).float().cpu()

    return enhance


def score(method: Method, pairs: list[Pair]) -> dict[str, list[float]]:
    """Each metric of each pair."""
    scores: dict[str, list[float]] = {name: [] for name in METRICS}
    for pair in pairs:
        low, high = (to_images([decode(path).pixels]) for path in (pair.low, pair.high))
        enhanced = method(low)
        for name, metric in METRICS.items():
            scores[name].append(float(metric(enhanced, high)))
    return scores


def as_table(scores: dict[str, dict[str, list[float]]], count: int) -> Table:
    """Mean of each metric, a row for each method."""
    table = Table("method", *METRICS, title=f"means over {count} held-out pairs (RGB, 8-bit rounded)")
    for method, values in scores.items():
        means = {name: sum(numbers) / len(numbers) for name, numbers in values.items()}
        table.add_row(
            method, *(f"{mean:.2f}" if "PSNR" in name else f"{mean:.4f}" for name, mean in means.items())
        )
    return table


if __name__ == "__main__":
    main()
