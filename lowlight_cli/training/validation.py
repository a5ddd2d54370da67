"""Validates models on pairs that they are not trained on."""

from collections.abc import Sequence

import torch
from torch import Tensor

from lowlight_cli.images.padding import crop, pad_to_multiple
from lowlight_cli.losses.structure import similarity
from lowlight_cli.models.codeenhance.model import CodeEnhance
from lowlight_cli.models.control_targets import control_weights
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer, Observation
from lowlight_cli.models.lifting import LiftSettings, facts_of_part
from lowlight_cli.models.vqgan.model import Vqgan
from lowlight_cli.tensors import CodeIndices, Images, Scalar
from lowlight_cli.training.codes import perplexity, target_codes, usage
from lowlight_cli.training.data_sources import PairedPhoto
from lowlight_cli.training.distributed import summed
from lowlight_cli.training.enhancement_batch import EnhancementBatch


@torch.no_grad()
def validate(
    model: Enhancer,
    pairs: Sequence[PairedPhoto],
    device: torch.device,
    settings: LiftSettings,
    *,
    side: int | None = None,
) -> dict[str, float]:
    """Mean PSNR (dB, 8-bit RGB) and SSIM over held-out pairs.

    Args:
        model: In evaluation mode.
        pairs: At least one.
        device: Device of the model.
        settings: How the model lifts images.
        side: Side of the central part that is used, to save time; None for whole images.
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
    """Observation of a whole dark image whose central part, perhaps padded, the model sees."""
    whole = pair.pixels[:3].to(device)[None].float() / 255
    height, width = pair.pixels.shape[1:]
    lengths = zip((height, width), seen.shape[2:], strict=True)
    rows, columns = (min(whole_side, side or whole_side, shown) for whole_side, shown in lengths)
    place = torch.tensor([[(height - rows) // 2, (width - columns) // 2, *seen.shape[2:]]])
    return facts_of_part(settings, whole, (place / torch.tensor([height, width, height, width])).to(device))


def middle(pixels: Tensor, side: int | None, *, multiple: int = 1) -> Tensor:
    """The central part of an image (c, h, w).

    Args:
        pixels: The image.
        side: Largest height and width; None for the whole image.
        multiple: Number that both sides are multiples of.
    """
    height, width = (min(length, side or length) // multiple * multiple for length in pixels.shape[1:])
    top, left = (pixels.shape[1] - height) // 2, (pixels.shape[2] - width) // 2
    return pixels[:, top : top + height, left : left + width]


MIDDLE = 256
"""Side in pixels of the central part of a held-out image whose codes are compared."""


def choice_numbers(chosen: CodeIndices, target: CodeIndices, codes: int) -> dict[str, Scalar]:
    """Share of positions of a batch with the code of the reference, and perplexity of the codes."""
    counts = summed(torch.bincount(chosen.flatten(), minlength=codes))
    return {
        "batch_index_accuracy": (chosen == target).float().mean(),
        "batch_perplexity": perplexity(counts),
    }


@torch.no_grad()
def held_out_choices(
    model: CodeEnhance, prior: Vqgan, pairs: Sequence[PairedPhoto], device: torch.device
) -> dict[str, float]:
    """Share of positions with the code of the reference, and use of the codes, over held-out pairs."""
    counts = torch.zeros(model.config.vqgan.code_count, device=device)
    right = 0.0
    for pair in pairs:
        pixels = middle(pair.pixels, MIDDLE).to(device)[None].float() / 255
        dark, bright = (pad_to_multiple(half, model.size_multiple) for half in pixels.split(3, dim=1))
        facts = facts_of_middle(model.config, pair, dark, MIDDLE, device)
        chosen = model(dark, control_weights(Controls(), dark), observation=facts).indices
        right += float((chosen == target_codes(prior, bright).indices).float().mean())
        counts += torch.bincount(chosen.flatten(), minlength=len(counts))
    return {"index_accuracy": right / len(pairs), **usage(counts)}


@torch.no_grad()
def show_samples(model: CodeEnhance, shown: EnhancementBatch) -> tuple[Images, Images, Images]:
    """Columns of a sample grid: dark, enhanced, target."""
    facts = shown.facts(model.config)
    return shown.dark, model(shown.dark, shown.weights, observation=facts).images, shown.target
