"""How good a model is on pairs that it was not trained on."""

from collections.abc import Sequence

import torch
from torch import Tensor

from lowlight_cli.images.padding import crop, pad_to_multiple
from lowlight_cli.losses.structure import similarity
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.training.pairs import PairedPhoto


@torch.no_grad()
def validate(
    model: Enhancer, pairs: Sequence[PairedPhoto], device: torch.device, *, side: int | None = None
) -> dict[str, float]:
    """Mean PSNR (dB, 8-bit RGB) and SSIM over held-out pictures.

    Args:
        model: In evaluation mode.
        pairs: At least one.
        device: Where the model is.
        side: Of the part in the middle that is looked at, to save time; None for whole pictures.
    """
    scores = []
    for pair in pairs:
        dark, bright = (half[None].to(device).float() / 255 for half in middle(pair.pixels, side).split(3))
        padded = pad_to_multiple(dark, model.size_multiple)
        made = crop(model.enhance(padded, Controls()), *dark.shape[2:])
        made = (made * 255).round() / 255
        error = (made - bright).square().mean()
        scores.append(torch.stack([-10 * error.log10(), similarity(made, bright)]))
    psnr, ssim = torch.stack(scores).mean(0).tolist()
    return {"psnr": psnr, "ssim": ssim}


def middle(pixels: Tensor, side: int | None) -> Tensor:
    """The part in the middle of a picture (c, h, w), at most ``side`` pixels high and wide; None for all."""
    if side is None:
        return pixels
    top, left = (max(length - side, 0) // 2 for length in pixels.shape[1:])
    return pixels[:, top : top + side, left : left + side]
