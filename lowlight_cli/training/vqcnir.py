"""Initial weights of the LQ phase of VQCNIR, and blurred pairs to validate it on."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from lowlight_cli.checkpoints.load import fill
from lowlight_cli.datasets.blur import draw_movement
from lowlight_cli.datasets.config import BlurSettings, DarkeningSettings
from lowlight_cli.datasets.darken import photograph_again
from lowlight_cli.layers.deformable import DeformableConvolution
from lowlight_cli.models.vqcnir.config import VqcnirConfig
from lowlight_cli.models.vqcnir.model import Vqcnir
from lowlight_cli.models.vqgan.model import Vqgan
from lowlight_cli.training.data_sources import PairedPhoto
from lowlight_cli.training.rng import item_rng
from lowlight_cli.training.warm_start import (
    copy_matching_weights,
    load_part,
    load_stage_one,
    require_same_codes,
)

CHECK_SEED = 1


def start_vqcnir(
    config: VqcnirConfig,
    vqgan: Path | None,
    start: Path | None,
    *,
    keep_codes: bool = False,
    encoder: Path | None = None,
    has_targets: bool = True,
) -> tuple[Vqcnir, Vqgan]:
    """Returns the network to train and the frozen network of the HQ phase, which gives the target codes.

    Encoder, codes and the decoder of codes start with the weights of the HQ phase; additional input planes
    start at zero. If the network has skips, the fidelity decoder adds nothing at first, so that the first
    images are those of the codes.

    Args:
        config: Shape of the network.
        vqgan: Weights of the HQ phase; None for random ones, which are useful only in tests.
        start: Weights of an earlier LQ phase, which replace all others.
        keep_codes: Whether the codes and their decoder stay those of the HQ phase even then.
        encoder: Weights of CodeEnhance, whose encoder replaces that of all others: it already finds the codes
            of dark images.
        has_targets: Whether codes of the HQ phase are trained on, so that both must have the same.

    Raises:
        WeightsError: A file is missing or of another shape, or ``start`` has codes of another HQ phase.
    """
    model, prior = Vqcnir(config), load_stage_one(config.vqgan, vqgan)
    copy_matching_weights(model, prior)
    if config.skips:
        last = len(config.level_channels) - 1
        for parameter in model.faithful.get_submodule(f"levels.{last}.fuse.skip").parameters():
            nn.init.zeros_(parameter)
    if start is not None:
        fill(model, load_part(start), start)
    if start is not None and keep_codes:
        for name in ("codebook", "post_quant", "decoder"):
            model.get_submodule(name).load_state_dict(prior.get_submodule(name).state_dict())
    elif start is not None and has_targets and vqgan is not None:
        otherwise = ", or take its codes with --set keep_codes=true, or --set association_weight=0"
        require_same_codes(model.codebook, prior.codebook, start, otherwise)
    if encoder is not None:
        state = load_part(encoder)
        for name in ("encoder", "pre_quant"):
            fill(model.get_submodule(name), part_of(state, name), encoder)
    return model, prior


def part_of(state: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """Weights of a part of a network, by their names in it."""
    return {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")}


def freeze_offsets(model: nn.Module, *, still: bool) -> None:
    """Turns the offsets of deformable convolutions off or on; without them a step is faster."""
    for module in model.modules():
        if isinstance(module, DeformableConvolution):
            module.still = still


def blurred_pairs(
    pairs: Sequence[PairedPhoto], blur: BlurSettings, darkening: DarkeningSettings
) -> list[PairedPhoto]:
    """The pairs with blurred dark images, the same in every run."""
    settings = blur.model_copy(update={"share": 1.0})
    blurred = []
    for place, pair in enumerate(pairs):
        generator = item_rng(CHECK_SEED, 0, place)
        movement = draw_movement(settings, generator)
        dark, bright = pair.pixels.split(3)
        if movement is not None:
            shaken = photograph_again(dark[None].float() / 255, movement, darkening, generator)
            dark = (shaken[0] * 255).round().byte()
        blurred.append(pair._replace(pixels=torch.cat([dark, bright])))
    return blurred
