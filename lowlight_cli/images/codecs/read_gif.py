"""Reads GIF and composes its frames on the canvas as browsers do."""

import struct
from collections import deque
from collections.abc import Iterator
from io import BytesIO

import numpy as np
from jaxtyping import UInt8, UInt32
from PIL import Image

from lowlight_cli.images.codecs.gif_blocks import GifFile, StoredFrame, read_blocks
from lowlight_cli.images.frames import Colors, make_frame
from lowlight_cli.images.limits import check_frames, check_size
from lowlight_cli.images.picture import Picture, Restore, Samples
from lowlight_cli.images.settings import ReadSettings

_CLEAR, _BRING_BACK = (2,), (3, 4)
_GRAYS = bytes(value for value in range(256) for _ in range(3))
_OPAQUE = 255

Canvas = UInt32[np.ndarray, "h w"]
"""Red, green, blue and opacity of each pixel, as four bytes of one number."""


def read_gif(data: bytes, settings: ReadSettings) -> Picture:
    """Reads all frames, each composed to the full canvas.

    As in browsers, the canvas is the logical screen, enlarged if the first frame needs it. Other frames are
    clipped to it, and pixels that no frame has drawn, or that one has cleared, are transparent.

    Args:
        data: The whole file.
        settings: Limits, and what to do about further frames.

    Raises:
        ImageError: ``unsupported``, ``too_large`` or ``unreadable``.
        EOFError: The file ends before its first frame.
        OSError: A frame is truncated or damaged.
    """
    gif = read_blocks(data)
    check_size(gif.width, gif.height, settings)
    # The whole of a frame is decompressed, even the part beyond the canvas.
    sizes = [(max(gif.width, frame.width), max(gif.height, frame.height)) for frame in gif.frames]
    count = check_frames(sizes, settings)
    for width, height in sizes[:count]:
        check_size(width, height, settings)
    durations = [frame.control.duration_ms if count > 1 else None for frame in gif.frames[:count]]
    frames = tuple(
        make_frame(samples, Colors(), duration_ms=duration)
        for samples, duration in zip(_samples(gif, count), durations, strict=True)
    )
    return Picture(frames, Restore("gif", loop=gif.loop if count > 1 else None))


def _composed(gif: GifFile, count: int) -> Iterator[Canvas]:
    """The canvas as displayed at each of the first ``count`` frames."""
    empty = _empty_color(gif.frames[0])
    canvas = np.full((gif.height, gif.width), empty, np.uint32)
    for frame in gif.frames[:count]:
        disposal = frame.control.disposal
        before = canvas.copy() if disposal in _BRING_BACK else canvas
        _draw(canvas, frame)
        yield canvas.copy()
        if disposal in _CLEAR:
            _part(canvas, frame)[...] = empty
        canvas = before


def _empty_color(first: StoredFrame) -> np.uint32:
    """Initial color of the canvas: the transparent color of the first frame, else transparent black."""
    number = first.control.transparent
    return np.uint32(0) if number is None else _table(first)[number]


def _table(frame: StoredFrame) -> UInt32[np.ndarray, "256"]:
    """Color and opacity of each color index; indices that the file does not define are black."""
    table = np.full((256, 4), _OPAQUE, np.uint8)
    colors = (frame.colors or _GRAYS).ljust(len(_GRAYS), b"\0")
    table[:, :3] = np.frombuffer(colors, np.uint8).reshape(256, 3)
    if frame.control.transparent is not None:
        table[frame.control.transparent, 3] = 0
    return table.view(np.uint32)[:, 0]


def _part(canvas: Canvas, frame: StoredFrame) -> UInt32[np.ndarray, "rows columns"]:
    """The part of the canvas that a frame covers; empty if the frame lies outside."""
    return canvas[frame.top : frame.top + frame.height, frame.left : frame.left + frame.width]


def _draw(canvas: Canvas, frame: StoredFrame) -> None:
    part = _part(canvas, frame)
    if not part.size:
        return
    numbers = _color_numbers(frame)[: part.shape[0], : part.shape[1]]
    transparent = frame.control.transparent
    np.copyto(part, _table(frame)[numbers], where=transparent is None or numbers != transparent)


def _color_numbers(frame: StoredFrame) -> UInt8[np.ndarray, "h w"]:
    """Color indices of a frame.

    Pillow decompresses them from a new GIF of this frame without a color table, where they are gray levels.

    Raises:
        OSError: The frame is truncated or damaged.
    """
    screen = struct.pack("<6sHHBBB", b"GIF89a", frame.width, frame.height, 0, 0, 0)
    place = struct.pack("<cHHHHB", b",", 0, 0, frame.width, frame.height, 0x40 * frame.interlaced)
    with Image.open(BytesIO(screen + place + frame.packed), formats=["GIF"]) as image:
        return np.asarray(image)


def _samples(gif: GifFile, count: int) -> Iterator[Samples]:
    """Samples of the canvas at each of the first ``count`` frames, all with the same channels."""
    shown = gif.frames[:count]
    pictures = deque(canvas.view(np.uint8).reshape(*canvas.shape, 4) for canvas in _composed(gif, count))
    gray = all(frame.colors == _GRAYS[: len(frame.colors)] for frame in shown)
    is_marked = gif.frames[0].control.transparent is not None
    clear = is_marked or any(picture[..., 3].min() < _OPAQUE for picture in pictures)
    channels = ([0] if gray else [0, 1, 2]) + ([3] if clear else [])
    while pictures:
        picture = pictures.popleft()
        yield picture if len(channels) == 4 else np.dstack([picture[..., channel] for channel in channels])
