"""How large a picture may be, checked before it is decoded."""

from collections.abc import Sequence

from lowlight_cli.errors import ImageError
from lowlight_cli.images.settings import ReadSettings

_MAX_FRAMES_WORTH = 4
"""All frames of a file together may have this many times the pixels of the largest single picture."""


def check_size(width: int, height: int, settings: ReadSettings) -> None:
    """Refuses a picture that is too large, or none at all.

    Raises:
        ImageError: ``too_large`` or ``unreadable``.
    """
    if width * height > settings.max_pixels:
        raise ImageError("too_large", f"{width}x{height} is more than {settings.max_pixels} pixels")
    if width < 1 or height < 1:
        raise ImageError("unreadable", "a picture without pixels")


def check_frames(sizes: Sequence[tuple[int, int]], settings: ReadSettings, times: int = 1) -> int:
    """How many frames are read.

    Args:
        sizes: Width and height of each frame in the file, or of the one that all others are like.
        settings: Whether several are wanted, and the limit.
        times: How often they come; a damaged header may claim billions.

    Raises:
        ImageError: ``unsupported``: there are several, which the settings call an error. ``too_large``:
            together they have more than four times the pixels that a picture may have.
    """
    count = len(sizes) * times
    if count > 1 and settings.frames == "error":
        raise ImageError("unsupported", f"{count} frames in the file; --frames all or first reads them")
    if settings.frames == "first":
        return 1
    if times * sum(width * height for width, height in sizes) > _MAX_FRAMES_WORTH * settings.max_pixels:
        most = _MAX_FRAMES_WORTH * settings.max_pixels
        raise ImageError("too_large", f"{count} frames have more than {most} pixels together")
    return count
