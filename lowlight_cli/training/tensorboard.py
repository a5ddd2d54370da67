"""Numbers and pictures of a run for TensorBoard, beside the files that are always written."""

from collections.abc import Mapping
from pathlib import Path

from lowlight_cli.errors import UnavailableError
from lowlight_cli.training.sample_grid import Pixels


class Board:
    """Writes event files.

    Args:
        folder: Where they lie; those of a run that goes on are added to those before.

    Raises:
        UnavailableError: The library is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise UnavailableError(
                "TensorBoard is not installed: pip install 'lowlight-cli[tensorboard]'"
            ) from error
        self._writer = SummaryWriter(folder)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Adds numbers.

        Args:
            step: Steps done.
            values: Numbers by name.
        """
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def show(self, step: int, pixels: Pixels) -> None:
        """Adds a picture, (h, w, 3)."""
        self._writer.add_image("samples", pixels, step, dataformats="HWC")

    def flush(self) -> None:
        """Brings all to disk."""
        self._writer.flush()
