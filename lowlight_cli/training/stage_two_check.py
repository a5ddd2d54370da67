"""What CodeEnhance is judged by while it trains: the choice of codes, and the same sample pictures.

The codes that a dark picture should be given are those that stage I gives to its bright partner.
"""

from collections.abc import Sequence

import torch

from lowlight_cli.images.padding import pad_to_multiple
from lowlight_cli.models.codeenhance.model import CodeEnhance
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.look import control_weights
from lowlight_cli.models.vqgan.model import Vqgan
from lowlight_cli.tensors import CodeIndices, Images, Scalar
from lowlight_cli.training.codes import perplexity, usage, wanted_codes
from lowlight_cli.training.enhancement_batch import EnhancementBatch
from lowlight_cli.training.held_out import facts_of_middle, middle
from lowlight_cli.training.pairs import PairedPhoto
from lowlight_cli.training.processes import summed

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
        right += float((chosen == wanted_codes(prior, bright).indices).float().mean())
        counts += torch.bincount(chosen.flatten(), minlength=len(counts))
    return {"index_accuracy": right / len(pairs), **usage(counts)}


@torch.no_grad()
def show_samples(model: CodeEnhance, shown: EnhancementBatch) -> tuple[Images, Images, Images]:
    """Columns of a sample grid: dark, enhanced, wanted."""
    facts = shown.facts(model.config)
    return shown.dark, model(shown.dark, shown.weights, observation=facts).images, shown.target
