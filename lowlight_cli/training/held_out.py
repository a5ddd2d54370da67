"""How good a model is on pairs that it was not trained on."""

from collections.abc import Sequence

import torch
from torch import Tensor

from lowlight_cli.images.padding import crop, pad_to_multiple
from lowlight_cli.losses.structure import similarity
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer, Observation
from lowlight_cli.models.lifting import LiftSettings, facts_of_part
from lowlight_cli.tensors import Images
from lowlight_cli.training.pairs import PairedPhoto


@torch.no_grad()
def validate(
    model: Enhancer,
    pairs: Sequence[PairedPhoto],
    device: torch.device,
    settings: LiftSettings,
    *,
    side: int | None = None,
) -> dict[str, float]:
    """Mean PSNR (dB, 8-bit RGB) and SSIM over held-out pictures.

    Args:
        model: In evaluation mode.
        pairs: At least one.
        device: Where the model is.
        settings: Those of the model: say how it lifts pictures.
        side: Of the part in the middle that is looked at, to save time; None for whole pictures.
    """
    scores = []
    for pair in pairs:
        dark, bright = (half[None].to(device).float() / 255 for half in middle(pair.pixels, side).split(3))
        padded = pad_to_multiple(dark, model.size_multiple)
        facts = facts_of_middle(settings, pair, padded, side, device) if side else None
        made = crop(model.enhance(padded, Controls(), observation=facts), *dark.shape[2:])
        made = (made * 255).round() / 255
        error = (made - bright).square().mean()
        scores.append(torch.stack([-10 * error.log10(), similarity(made, bright)]))
    psnr, ssim = torch.stack(scores).mean(0).tolist()
    return {"psnr": psnr, "ssim": ssim}


def facts_of_middle(
    settings: LiftSettings, pair: PairedPhoto, seen: Images, side: int | None, device: torch.device
) -> Observation:
    """Facts of a whole dark picture of which a model sees the part in the middle, perhaps padded."""
    whole = pair.pixels[:3].to(device)[None].float() / 255
    height, width = pair.pixels.shape[1:]
    lengths = zip((height, width), seen.shape[2:], strict=True)
    rows, columns = (min(whole_side, side or whole_side, shown) for whole_side, shown in lengths)
    place = torch.tensor([[(height - rows) // 2, (width - columns) // 2, *seen.shape[2:]]])
    return facts_of_part(settings, whole, (place / torch.tensor([height, width, height, width])).to(device))


def middle(pixels: Tensor, side: int | None, *, multiple: int = 1) -> Tensor:
    """The part in the middle of a picture (c, h, w).

    Args:
        pixels: The picture.
        side: What it is high and wide at most; None for all.
        multiple: What its sides are to be multiples of.
    """
    height, width = (min(length, side or length) // multiple * multiple for length in pixels.shape[1:])
    top, left = (pixels.shape[1] - height) // 2, (pixels.shape[2] - width) // 2
    return pixels[:, top : top + height, left : left + width]
