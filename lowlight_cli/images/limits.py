"""Checks the size of an image before it is decoded."""

from collections.abc import Sequence

from lowlight_cli.counted import counted
from lowlight_cli.errors import ImageError
from lowlight_cli.images.settings import ReadSettings

_MAX_FRAMES_WORTH = 4
"""All frames of a file together may have this many times ``max_pixels``."""


def check_size(width: int, height: int, settings: ReadSettings) -> None:
    """Rejects an image that is too large or empty.

    Raises:
        ImageError: ``too_large`` or ``unreadable``.
    """
    if width * height > settings.max_pixels:
        message = f"{width}x{height} exceeds the limit of {settings.max_pixels} pixels; raise --max-pixels"
        raise ImageError("too_large", message)
    if width < 1 or height < 1:
        raise ImageError("unreadable", "the image has no pixels")


def check_frames(sizes: Sequence[tuple[int, int]], settings: ReadSettings, times: int = 1) -> int:
    """Number of frames to read.

    Args:
        sizes: Width and height of each frame in the file, or of one if all are equal.
        settings: Whether to read several frames, and the limit.
        times: How many frames there are of each size; a damaged header may state billions.

    Raises:
        ImageError: ``unsupported``: there are several, and the settings make that an error. ``too_large``:
            together they have more than four times ``max_pixels``.
    """
    count = len(sizes) * times
    if count > 1 and settings.frames == "error":
        message = f"{counted(count, 'frame')} in the file; use --frames all or --frames first to read it"
        raise ImageError("unsupported", message)
    if settings.frames == "first":
        return 1
    if times * sum(width * height for width, height in sizes) > _MAX_FRAMES_WORTH * settings.max_pixels:
        most = _MAX_FRAMES_WORTH * settings.max_pixels
        message = f"{counted(count, 'frame')} exceed the limit of {most} pixels together; use --frames first"
        raise ImageError("too_large", message)
    return count
