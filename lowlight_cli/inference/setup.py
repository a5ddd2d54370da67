"""Settings -> a loaded model on its device, and the pace of the run."""

import torch

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.device import choose_device, choose_precision, describe_precision, forward_pixels
from lowlight_cli.errors import ImageError, UsageError
from lowlight_cli.images.decode import decode
from lowlight_cli.images.pixels import shrink
from lowlight_cli.inference.engine import Pace
from lowlight_cli.inference.forward import Forward, Limits, Look
from lowlight_cli.inference.settings import EnhanceSettings
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.tensors import Images

_REFERENCE_PIXELS = 2**20
_CUDA_BATCH = 8


def prepare_forward(settings: EnhanceSettings) -> Forward:
    """Finds the device, loads the model and reads the reference.

    Raises:
        UsageError: The model has no such preset or control, takes no reference, or the reference or the tile
            size makes no sense.
        UnavailableError: The machine has no such device.
        WeightsError: The weights are missing or damaged.
    """
    if settings.tile and 2 * settings.tile_overlap > settings.tile:
        raise UsageError(
            f"--tile-overlap {settings.tile_overlap} is more than half of --tile {settings.tile}"
        )
    device = choose_device(settings.device)
    precision = choose_precision(settings.precision, device)
    enhancer = load_enhancer(
        settings.model, preset=settings.preset, checkpoint=settings.checkpoint, device=device
    )
    _check_controls(enhancer, settings)
    look = Look(settings.controls, settings.strength, _read_reference(settings))
    limits = Limits(forward_pixels(device), settings.tile, settings.tile_overlap)
    return Forward(enhancer, look, limits, device=device, precision=precision)


def prepare_pace(settings: EnhanceSettings, device: torch.device) -> Pace:
    """Chooses the sizes of batches and pools.

    Args:
        settings: What the user decided.
        device: Where the model runs.
    """
    # On a CPU a batch of four takes longer than four single pictures.
    batch_size = settings.batch_size or (_CUDA_BATCH if device.type == "cuda" else 1)
    return Pace(batch_size, settings.workers, read=settings.read, write=settings.write)


def describe(settings: EnhanceSettings, forward: Forward) -> dict[str, str | None]:
    """What a run is made with, in words.

    Args:
        settings: What the user decided.
        forward: What came of it.
    """
    return {
        "model": settings.model,
        "checkpoint": None if settings.checkpoint is None else str(settings.checkpoint),
        "device": str(forward.device),
        "precision": describe_precision(forward.precision),
    }


def _check_controls(enhancer: Enhancer, settings: EnhanceSettings) -> None:
    """Refuses a control that would have no effect."""
    neutral = Controls()
    for name in Controls.model_fields:
        turned = getattr(settings.controls, name) != getattr(neutral, name)
        if turned and name not in enhancer.supported_controls:
            known = ", ".join(sorted(enhancer.supported_controls)) or "none"
            raise UsageError(f"model '{settings.model}' has no control '{name}'; its controls: {known}")
    if settings.reference is not None and not enhancer.takes_reference:
        raise UsageError(f"model '{settings.model}' takes no --reference")


def _read_reference(settings: EnhanceSettings) -> Images | None:
    if settings.reference is None:
        return None
    try:
        return shrink(decode(settings.reference).pixels, _REFERENCE_PIXELS)
    except ImageError as error:
        raise UsageError(f"--reference '{settings.reference}': {error}") from error
