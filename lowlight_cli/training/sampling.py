"""Makes the sample grids of a run, always of the same images."""

from collections.abc import Sequence
from pathlib import Path

import torch

from lowlight_cli.errors import ImageError, OutputError
from lowlight_cli.images.encode import encode
from lowlight_cli.images.picture import still
from lowlight_cli.images.settings import WriteSettings
from lowlight_cli.tensors import Images
from lowlight_cli.training.data_sources import PairedPhoto, Sources
from lowlight_cli.training.enhancement_batch import EnhancementBatch, Mix, enhancement_batch
from lowlight_cli.training.metrics_log import Pixels
from lowlight_cli.training.rng import item_rngs

SAMPLE_SEED = 1
MOST_SAMPLES = 8


def sample_batch(sources: Sources, held_out: Sequence[PairedPhoto], side: int) -> EnhancementBatch:
    """Crops of held-out pairs, or of training images if there are none; without controls.

    Args:
        sources: Images to train on.
        held_out: Pairs to validate on.
        side: Side of a crop in pixels.
    """
    if held_out:
        sources = sources._replace(photos=[], pairs=held_out)
    mix = Mix(MOST_SAMPLES, side, real=0.5, with_controls=0.0, referenced=0.0)
    return enhancement_batch(sources, mix, item_rngs(SAMPLE_SEED, 0, range(MOST_SAMPLES)))


def draw_grid(target: Path, columns: Sequence[Images]) -> Pixels:
    """Writes a JPEG with one image per row and one batch per column, and returns its pixels (h, w, 3).

    Args:
        target: The file.
        columns: Batches of equal shape, sRGB; values outside [0, 1] are clipped.

    Raises:
        OutputError: The file cannot be written.
    """
    rows = [torch.cat(list(row), dim=2) for row in zip(*columns, strict=True)]
    grid = torch.cat(rows, dim=1).detach().float().clamp(0, 1).cpu()
    pixels = (grid * 255).round().byte().permute(1, 2, 0).numpy()
    try:
        encode(still(pixels), target, WriteSettings(quality=92))
    except ImageError as error:
        raise OutputError(f"cannot write {error}") from error
    return pixels
