"""How good a model is on pairs that it was not trained on."""

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


MIDDLE = 256
"""Side of the part of a held-out picture whose codes are looked at, in pixels."""


def choice_numbers(chosen: CodeIndices, wanted: CodeIndices, codes: int) -> dict[str, Scalar]:
    """How well a batch chose: share of positions with the code of the bright picture, and perplexity."""
    counts = summed(torch.bincount(chosen.flatten(), minlength=codes))
    return {
        "batch_index_accuracy": (chosen == wanted).float().mean(),
        "batch_perplexity": perplexity(counts),
    }


@torch.no_grad()
def held_out_choices(
    model: CodeEnhance, prior: Vqgan, pairs: Sequence[PairedPhoto], device: torch.device
) -> dict[str, float]:
    """Share of positions with the right code, and use of the codes, in the middle of held-out pictures."""
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
    """Columns of a sample grid: dark, enhanced, wanted."""
    facts = shown.facts(model.config)
    return shown.dark, model(shown.dark, shown.weights, observation=facts).images, shown.target
