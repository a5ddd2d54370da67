"""Pictures of a run side by side, as a file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from lowlight_cli.errors import ImageError, OutputError
from lowlight_cli.images.encode import encode
from lowlight_cli.images.picture import still
from lowlight_cli.images.settings import WriteSettings
from lowlight_cli.tensors import Images

Pixels = NDArray[np.uint8]


def draw_grid(target: Path, columns: Sequence[Images]) -> Pixels:
    """Writes a JPEG with one picture per row and one column per batch, and gives its pixels (h, w, 3).

    Args:
        target: The file.
        columns: Batches of equal shape, sRGB; what is outside [0, 1] is clipped.

    Raises:
        OutputError: It cannot be written.
    """
    rows = [torch.cat(list(row), dim=2) for row in zip(*columns, strict=True)]
    grid = torch.cat(rows, dim=1).detach().float().clamp(0, 1).cpu()
    pixels = (grid * 255).round().byte().permute(1, 2, 0).numpy()
    try:
        encode(still(pixels), target, WriteSettings(quality=92))
    except ImageError as error:
        raise OutputError(f"cannot write {error}") from error
    return pixels
