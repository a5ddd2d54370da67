"""Shared by both stages of GLARE: initial weights, losses of the latent, and validation of the flow."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Generator, Tensor
from torch.nn.functional import mse_loss

from lowlight_cli.checkpoints.load import fill
from lowlight_cli.errors import WeightsError
from lowlight_cli.losses.likelihood import bits_per_position
from lowlight_cli.models.glare.conditional_encoder import Conditions
from lowlight_cli.models.glare.config import GlareConfig
from lowlight_cli.models.glare.model import Glare
from lowlight_cli.models.vqgan.model import Vqgan
from lowlight_cli.tensors import Features, Images, Scalar
from lowlight_cli.training.config import Settings
from lowlight_cli.training.data_sources import PairedPhoto
from lowlight_cli.training.distributed import items_of_all
from lowlight_cli.training.enhancement_batch import EnhancementBatch
from lowlight_cli.training.rng import ItemRngs
from lowlight_cli.training.validation import facts_of_middle, middle
from lowlight_cli.training.warm_start import (
    add_input_planes,
    load_part,
    load_stage_one,
    require_same_codes,
)


class FlowWeights(Settings):
    """Weights of the losses of the latent.

    Args:
        likelihood: Weight of the negative log-likelihood, in bits per position.
        regression: Weight of the squared difference between the retrieved latent and that of the reference.
        noise: Standard deviation of noise added to the latent of the reference, without which the
            likelihood has no bound.
        given_mean: Share of the steps in which the mean is the latent of the reference, as in the original.
    """

    likelihood: float = 0.02
    regression: float = 1.0
    noise: float = 0.05
    given_mean: float = 0.0


def start_glare(
    config: GlareConfig, vqgan: Path | None, start: Path | None, *, has_targets: bool = True
) -> tuple[Glare, Vqgan]:
    """Returns the network to train and the frozen stage I network, which gives the target latents.

    Codebook and frozen decoder are those of stage I. If the input is lifted, the conditional encoder starts
    from the encoder of stage I, and the fusion decoder from its decoder; otherwise they start at random.

    Args:
        config: Shape of the network.
        vqgan: Weights of stage I; None for random ones, which are useful only in tests.
        start: Weights of an earlier stage of GLARE, which replace all others.
        has_targets: Whether latents of stage I are trained on, so that both must have the same codes.

    Raises:
        WeightsError: A file is missing or of another shape, or one of both networks has no flow, or the
            weights to start from were trained with another stage I.
    """
    model, prior = Glare(config), load_stage_one(config.vqgan, vqgan)
    model.codebook.load_state_dict(prior.codebook.state_dict())
    model.post_quant.load_state_dict(prior.post_quant.state_dict())
    model.decoder.load_state_dict(prior.decoder.state_dict())
    if config.lift_target is not None:
        state = prior.encoder.state_dict()
        state["stem.weight"] = add_input_planes(state["stem.weight"], model.encoder.trunk.stem.in_channels)
        model.encoder.trunk.load_state_dict(state)
        model.fusing.decoder.load_state_dict(prior.decoder.state_dict())
        model.fusing.enter.load_state_dict(prior.post_quant.state_dict())
    if model.encoder.base is not None:
        model.encoder.base.load_state_dict(prior.pre_quant.state_dict())
    if start is not None:
        state = load_part(start)
        _require_same_flow(config, state, start)
        fill(model, state, start)
        if has_targets and vqgan is not None:
            require_same_codes(
                model.codebook, prior.codebook, start, "; in stage 3, --set joint=false trains without it"
            )
    return model, prior


def _require_same_flow(config: GlareConfig, state: Mapping[str, Tensor], origin: Path) -> None:
    has_flow = any(key.startswith("flow.") for key in state)
    if has_flow and not config.flow.levels:
        raise WeightsError(f"weights {origin} were trained with a flow: remove model.flow.levels=0")
    if config.flow.levels and not has_flow:
        raise WeightsError(f"weights {origin} were trained without a flow: add --set model.flow.levels=0")


def noisy(latent: Features, deviation: float, items: Sequence[Generator]) -> Features:
    """Latents with added normal noise from the generators of the items."""
    noise = torch.stack([torch.randn(latent.shape[1:], generator=item) for item in items])
    return latent + deviation * noise.to(latent)


def fit_flow(model: Glare, target: Features, conditions: Conditions) -> None:
    """Initializes the norms of the flow from the first latents of all processes."""
    base = None if conditions.base is None else items_of_all(conditions.base)
    whole = Conditions([], items_of_all(conditions.condition), items_of_all(conditions.mean), base)
    model.fit_norms(items_of_all(target), whole)


def latent_losses(
    model: Glare,
    conditions: Conditions,
    target: Features,
    weights: FlowWeights,
    item_rngs: ItemRngs,
    *,
    found: Features | None = None,
) -> dict[str, Scalar]:
    """Weighted losses of the flow.

    Args:
        model: Network with the flow.
        conditions: Output of the conditional encoder for the dark images.
        target: Latents of the references.
        weights: Weights of the losses.
        item_rngs: Generators of the items and of the step.
        found: Latents retrieved by the flow; None to retrieve them here.
    """
    seen = model.likelihood(noisy(target, weights.noise, item_rngs.items), conditions)
    is_given = float(torch.rand((), generator=item_rngs.shared)) < weights.given_mean
    bits = bits_per_position(seen.noise, target if is_given else seen.mean, seen.log_determinant)
    losses = {"likelihood": weights.likelihood * bits}
    if weights.regression:
        found = model.retrieve(conditions) if found is None else found
        losses["regression"] = weights.regression * mse_loss(found, target)
    return losses


@torch.no_grad()
def show_found(model: Glare, shown: EnhancementBatch) -> tuple[Images, Images, Images]:
    """Columns of a sample grid: dark image, image of the codes of the retrieved latent, reference."""
    conditions = model.read_conditions(shown.dark, shown.facts(model.config))
    return shown.dark, model.show_codes(model.retrieve(conditions)), shown.bright


@torch.no_grad()
def validate_flow(
    model: Glare, prior: Vqgan, pairs: Sequence[PairedPhoto], device: torch.device, *, side: int = 256
) -> dict[str, float]:
    """Validates the retrieved latents on held-out pairs.

    Args:
        model: In evaluation mode.
        prior: Network of stage I, which gives the target latents.
        pairs: At least one.
        device: Device of the models.
        side: Side of the central part that is used, to save time.

    Returns:
        Share of positions with the code of the reference; PSNR (dB) of the image of the codes alone; root
        mean square error of the latent; bits per position and per dimension, with noise of 0.05.
    """
    rows = [_of_one(model, prior, pair, device, side) for pair in pairs]
    names = ("index_accuracy", "psnr", "latent_error", "bits_per_position", "bits_per_dimension")
    return dict(zip(names, torch.stack(rows).mean(0).tolist(), strict=True))


def _of_one(model: Glare, prior: Vqgan, pair: PairedPhoto, device: torch.device, side: int) -> Tensor:
    pixels = middle(pair.pixels, side, multiple=model.size_multiple)
    dark, bright = (half[None].to(device).float() / 255 for half in pixels.split(3))
    target = prior.encode(bright)
    known = facts_of_middle(model.config, pair, dark, side, device)
    conditions = model.read_conditions(dark, known)
    found = model.retrieve(conditions)
    right = (model.codebook.nearest(found) == prior.codebook.nearest(target)).float().mean()
    error = (model.show_codes(found).clamp(0, 1) - bright).square().mean()
    seen = model.likelihood(noisy(target, 0.05, [torch.Generator().manual_seed(0)]), conditions)
    bits = bits_per_position(seen.noise, seen.mean, seen.log_determinant)
    distance = mse_loss(found, target).sqrt()
    return torch.stack([right, -10 * error.log10(), distance, bits, bits / target.shape[1]])
