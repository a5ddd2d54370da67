"""GIF -> picture: its frames as browsers compose them on the canvas of the file."""

import struct
from collections.abc import Iterator
from io import BytesIO

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from lowlight_cli.images.frames import Colours, make_frame
from lowlight_cli.images.gif_blocks import GifFile, StoredFrame, read_blocks
from lowlight_cli.images.limits import check_frames, check_size
from lowlight_cli.images.picture import Picture, Restore, Samples
from lowlight_cli.images.settings import ReadSettings

_CLEAR, _BRING_BACK = (2,), (3, 4)
_GREYS = bytes(value for value in range(256) for _ in range(3))
_OPAQUE = 255

Canvas = UInt8[np.ndarray, "h w 4"]
"""Red, green, blue and opacity."""


def read_gif(data: bytes, settings: ReadSettings) -> Picture:
    """Reads all frames, each as a whole picture.

    As in browsers, the canvas is the screen of the file, enlarged where the first frame needs it. What other
    frames have beyond it is left out, and what no frame has drawn, or one has cleared, is transparent.

    Args:
        data: The whole file.
        settings: Limits, and what to do about further frames.

    Raises:
        ImageError: ``unsupported``, ``too_large`` or ``unreadable``.
        EOFError: The file breaks off before its first frame.
        OSError: A frame breaks off or is damaged.
    """
    gif = read_blocks(data)
    check_size(gif.width, gif.height, settings)
    # A frame is unpacked as a whole, however little of it lies on the canvas.
    sizes = [(max(gif.width, frame.width), max(gif.height, frame.height)) for frame in gif.frames]
    count = check_frames(sizes, settings)
    for width, height in sizes[:count]:
        check_size(width, height, settings)
    canvases = list(_composed(gif, count))
    durations = [frame.control.duration_ms if count > 1 else None for frame in gif.frames]
    frames = tuple(
        make_frame(samples, Colours(), duration_ms=duration)
        for samples, duration in zip(_samples(gif, canvases), durations, strict=False)
    )
    return Picture(frames, Restore("gif", loop=gif.loop if count > 1 else None))


def _composed(gif: GifFile, count: int) -> Iterator[Canvas]:
    """What is shown at the time of each of the first ``count`` frames."""
    empty = _empty_color(gif.frames[0])
    canvas = np.empty((gif.height, gif.width, 4), np.uint8)
    canvas[...] = empty
    for frame in gif.frames[:count]:
        disposal = frame.control.disposal
        before = canvas.copy() if disposal in _BRING_BACK else canvas
        _draw(canvas, frame)
        yield canvas.copy()
        if disposal in _CLEAR:
            _part(canvas, frame)[...] = empty
        canvas = before


def _empty_color(first: StoredFrame) -> UInt8[np.ndarray, "4"]:
    """What the canvas holds where nothing was drawn: the transparent color of the first frame, else black."""
    number = first.control.transparent
    return np.zeros(4, np.uint8) if number is None else _table(first)[number]


def _table(frame: StoredFrame) -> UInt8[np.ndarray, "256 4"]:
    """Color and opacity of each color number; numbers that the file does not define are black."""
    table = np.full((256, 4), _OPAQUE, np.uint8)
    colors = (frame.colors or _GREYS).ljust(len(_GREYS), b"\0")
    table[:, :3] = np.frombuffer(colors, np.uint8).reshape(256, 3)
    if frame.control.transparent is not None:
        table[frame.control.transparent, 3] = 0
    return table


def _part(canvas: Canvas, frame: StoredFrame) -> UInt8[np.ndarray, "rows columns 4"]:
    """The part of the canvas that a frame covers, empty where it lies beyond."""
    return canvas[frame.top : frame.top + frame.height, frame.left : frame.left + frame.width]


def _draw(canvas: Canvas, frame: StoredFrame) -> None:
    part = _part(canvas, frame)
    if not part.size:
        return
    numbers = _color_numbers(frame)[: part.shape[0], : part.shape[1]]
    colors = _table(frame)[numbers]
    drawn = colors[..., 3] > 0
    part[drawn] = colors[drawn]


def _color_numbers(frame: StoredFrame) -> UInt8[np.ndarray, "h w"]:
    """Unpacks a frame: Pillow reads it as a GIF of its own, in which color numbers are shades of grey.

    Raises:
        OSError: It breaks off or is damaged.
    """
    screen = struct.pack("<6sHHBBB", b"GIF89a", frame.width, frame.height, 0, 0, 0)
    place = struct.pack("<cHHHHB", b",", 0, 0, frame.width, frame.height, 0x40 * frame.interlaced)
    with Image.open(BytesIO(screen + place + frame.packed), formats=["GIF"]) as image:
        return np.asarray(image)


def _samples(gif: GifFile, canvases: list[Canvas]) -> Iterator[Samples]:
    """Samples of what is shown, with no more channels than all of it needs."""
    shown = gif.frames[: len(canvases)]
    grey = all(frame.colors == _GREYS[: len(frame.colors)] for frame in shown)
    is_marked = gif.frames[0].control.transparent is not None
    clear = is_marked or any((canvas[..., 3] < _OPAQUE).any() for canvas in canvases)
    channels = ([0] if grey else [0, 1, 2]) + ([3] if clear else [])
    for canvas in canvases:
        yield np.ascontiguousarray(canvas[..., channels])
