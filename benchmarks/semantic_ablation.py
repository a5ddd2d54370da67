"""Scores the shipped model with its semantic features, without them, and with those of another picture.

python benchmarks/semantic_ablation.py PAIRS
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.datasets.catalog import DATASETS
from lowlight_cli.datasets.matching import match
from lowlight_cli.evaluation.pixel_metrics import psnr, ssim
from lowlight_cli.images.decode import decode
from lowlight_cli.images.padding import crop, pad_to_multiple
from lowlight_cli.images.pixels import to_images
from lowlight_cli.models.codeenhance.model import CodeEnhance
from lowlight_cli.models.controls import Controls


class Silent(nn.Module):
    """Semantic network that sees nothing."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        """Zeros."""
        return torch.zeros_like(self.net(images))


class Elsewhere(Silent):
    """Semantic network that sees the picture before."""

    def forward(self, images: Tensor) -> Tensor:
        """Features of the last picture."""
        features = self.net(images)
        last, self.last = getattr(self, "last", features.flip(3)), features
        return interpolate(last, features.shape[2:], mode="nearest")


def main() -> None:
    """Prints mean PSNR and SSIM for each case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--checkpoint", type=Path, help="weights in place of the shipped ones")
    arguments = parser.parse_args()
    found = match(arguments.pairs / "low", arguments.pairs / "high").partners
    pairs = [pair for pair in found if pair.name in DATASETS["ELIEI"].validation]
    for name, wrap in (("own", None), ("none", Silent), ("another picture's", Elsewhere)):
        model = load_enhancer("codeenhance", checkpoint=arguments.checkpoint)
        if not isinstance(model, CodeEnhance):
            raise TypeError("the ablation is of CodeEnhance")
        if wrap is not None:
            model.semantic = wrap(model.semantic)
        scores = torch.tensor([score(model, pair.picture, pair.reference) for pair in pairs]).mean(0)
        print(f"semantic features: {name:18} PSNR {scores[0]:.3f} dB  SSIM {scores[1]:.4f}")


def score(model: CodeEnhance, low: Path, high: Path) -> tuple[float, float]:
    """PSNR and SSIM of one pair."""
    dark, bright = (to_images([decode(path).pixels]) for path in (low, high))
    with torch.inference_mode():
        made = model.enhance(pad_to_multiple(dark, model.size_multiple), Controls())
    made = crop(made, *dark.shape[2:])
    return float(psnr(made, bright)), float(ssim(made, bright))


if __name__ == "__main__":
    main()
