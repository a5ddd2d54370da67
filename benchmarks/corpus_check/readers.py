"""What is in a file, by readers that are not those of the program: Pillow, tifffile, LibRaw, libheif.

An image is kept as averages of its parts, so that the noise of lossy formats does not hide a shift of color,
and images of any size fit into memory.
"""

import io
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageOps, ImageSequence

from benchmarks.corpus_check.displayed import ColorTags, Floats, heif_tags, png_tags, shown

_CELLS = 48
"""Most parts along a side."""

_MOST_FRAMES = 64
"""Frames that are looked at; the others are counted."""

_SECONDS = 20.0
"""Of processor time for one file."""

_RAW_ENDS = frozenset(
    (".dng", ".nef", ".nrw", ".cr2", ".cr3", ".crw", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw", ".x3f")
)
_COLORS = {0, 1, 2}
"""Photometric interpretations that tifffile gives as samples of gray or RGB."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, page or still image.

    Attributes:
        milliseconds: How long it is shown; 0 for pages and stills.
        samples: Averages of stored samples in 0 to 255, colors times opacity, and opacity: (rows, cols, 4).
        shown: The same as an sRGB screen shows it.
    """

    milliseconds: float
    samples: Floats
    shown: Floats


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds.

    Attributes:
        format: As the reader calls it.
        size: Width and height, turned upright.
        frames: The first ones.
        count: Number of all frames.
        loops: How often an animation plays, 0 for ever; None where the format or the file does not say.
        bits: Per channel.
        gray: Whether there is a single channel of color.
        tags: What the colors mean.
    """

    format: str
    size: tuple[int, int]
    frames: tuple[Frame, ...]
    count: int
    loops: int | None
    bits: int
    gray: bool
    tags: ColorTags


def read(path: Path) -> Content:
    """Reads a file, within a limit of processor time.

    Raises:
        Exception: Whatever the readers raise, and ``TimeoutError``.
    """
    with _limited(_SECONDS):
        return _read(path)


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Ends work that takes too long, as on tables that refer to themselves."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"not read in {seconds:g} s of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _read(path: Path) -> Content:
    data = path.read_bytes()
    if path.suffix.lower() in _RAW_ENDS and data[:3] != b"\xff\xd8\xff":
        return _raw(path)
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+") and (found := _tiff(path)):
        return found
    if data[4:8] == b"ftyp":
        from pillow_heif import register_heif_opener

        register_heif_opener()
    with Image.open(io.BytesIO(data)) as image:
        return _by_pillow(image, data)


def _by_pillow(image: Image.Image, data: bytes) -> Content:
    tags, bits = _tags(image, data), _bits(image, data)
    first = 1 if image.info.get("default_image") else 0
    # Behind the main image of these are views from other places, and small copies.
    one = image.format in ("MPO", "HEIF")
    count = 1 if one else getattr(image, "n_frames", 1) - first
    gray = image.mode in ("1", "L", "LA", "I;16", "I;16B", "I", "La")
    loops = image.info.get("loop", 1) if image.format in ("GIF", "PNG", "WEBP") and count > 1 else None
    frames: list[Frame] = []
    size = (0, 0)
    for index, each in enumerate([image] if one else ImageSequence.Iterator(image)):
        if not first <= index < first + min(count, _MOST_FRAMES):
            continue
        turned = ImageOps.exif_transpose(each)
        if frames and image.format == "GIF":
            turned = turned.crop(
                (0, 0, *size)
            )  # Pillow enlarges the screen for later frames, browsers do not
        duration = float(each.info.get("duration", 0)) if count > 1 else 0.0
        size = size if frames else turned.size
        frames.append(_frame(*_split(turned), tags, duration))
    return Content(str(image.format), size, tuple(frames), count, loops, bits, gray, tags)


def _split(image: Image.Image) -> tuple[Image.Image, NDArray[np.uint8]]:
    """Colors without opacity, and opacity."""
    if image.mode in ("I", "I;16", "I;16B", "I;16L"):
        values = np.asarray(image).astype(np.float32) / 257
        return Image.fromarray(values.round().clip(0, 255).astype(np.uint8)), np.full(
            values.shape, 255, np.uint8
        )
    if image.has_transparency_data:
        whole = image.convert("LA" if image.mode in ("L", "LA", "1") else "RGBA")
        return whole.convert(whole.mode[:-1]), np.asarray(whole)[..., -1]
    colors = image if image.mode in ("L", "RGB", "CMYK", "LAB") else image.convert("RGB")
    return colors, np.full((image.height, image.width), 255, np.uint8)


def _frame(colors: Image.Image, opacity: NDArray[np.uint8], tags: ColorTags, duration: float = 0.0) -> Frame:
    plain = colors if colors.mode in ("L", "RGB") else colors.convert("RGB")
    seen = shown(colors, tags)
    return Frame(duration, _averages(np.asarray(plain, np.float32), opacity), _averages(seen, opacity))


def _averages(colors: Floats, opacity: NDArray[np.uint8]) -> Floats:
    """Averages of parts of 8 pixels at least, colors times opacity."""
    if colors.ndim == 2:
        colors = np.repeat(colors[..., None], 3, 2)
    part = opacity.astype(np.float32)[..., None]
    whole = np.concatenate([colors * (part / 255), part], 2)
    rows, columns = (min(_CELLS, max(1, side // 8)) for side in opacity.shape)
    return cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA).reshape(rows, columns, 4)


def _tags(image: Image.Image, data: bytes) -> ColorTags:
    icc = image.info.get("icc_profile") or None
    if image.format == "PNG":
        return png_tags(data, icc)
    if image.format in ("AVIF", "HEIF"):
        return heif_tags(data, icc)
    return ColorTags(icc=icc)


def _bits(image: Image.Image, data: bytes) -> int:
    if image.format == "PNG":
        return 8 if image.mode == "P" else max(8, data[24])
    if image.format == "AVIF" and (place := data.find(b"av1C")) > 0:
        flags = data[place + 6]
        return (12 if flags & 0x20 else 10) if flags & 0x40 else 8
    if image.format == "HEIF" and (place := data.find(b"hvcC")) > 0:
        return 8 + (data[place + 4 + 17] & 7)
    if image.format == "TIFF":
        return max(8, *image.tag_v2.get(258, (8,)))  # type: ignore[attr-defined]
    return 8


def _raw(path: Path) -> Content:
    import rawpy

    with rawpy.imread(str(path)) as raw:
        pixels = raw.postprocess(use_camera_wb=True, no_auto_bright=True, output_bps=8)
    image = Image.fromarray(pixels)
    frame = _frame(image, np.full(pixels.shape[:2], 255, np.uint8), ColorTags())
    return Content("RAW", image.size, (frame,), 1, None, 8, False, ColorTags())


def _tiff(path: Path) -> Content | None:
    """Pages of gray or RGB by tifffile; None leaves other kinds, and codecs that it lacks, to Pillow."""
    try:
        return _pages(path)
    except (ValueError, NotImplementedError, ImportError):
        return None


def _pages(path: Path) -> Content | None:
    with tifffile.TiffFile(path) as file:
        pages = [page for page in file.pages if not (page.is_reduced or page.is_mask)] or [file.pages[0]]
        first = pages[0]
        if first.photometric not in _COLORS or first.dtype is None or first.dtype.kind not in "bu":
            return None
        icc = first.tags.valueof(34675)
        tags = ColorTags(icc=bytes(icc) if icc else None)
        frames = tuple(_page(page, tags) for page in pages[:_MOST_FRAMES])
        orientation = first.tags.valueof(274, default=1)
        size = (first.imagewidth, first.imagelength)
        upright = size[::-1] if orientation in (5, 6, 7, 8) else size
        bits = max(8, first.bitspersample)
        return Content("TIFF", upright, frames, len(pages), None, bits, first.photometric != 2, tags)


def _page(page: tifffile.TiffPage, tags: ColorTags) -> Frame:
    samples = page.asarray()
    if page.planarconfig == 2 and samples.ndim == 3:
        samples = np.moveaxis(samples, 0, -1)
    top = 1 if samples.dtype == bool else 2**page.bitspersample - 1
    values = (samples.astype(np.float32) * (255 / top)).reshape(page.imagelength, page.imagewidth, -1)
    values = 255 - values if page.photometric == 0 else values
    values = _upright(values, page.tags.valueof(274, default=1))
    colors, rest = np.split(values, [3 if page.photometric == 2 else 1], 2)
    kind = page.extrasamples[0] if page.extrasamples else 0
    opacity = rest[..., 0] if kind in (1, 2) else np.full(colors.shape[:2], 255, np.float32)
    if kind == 1:
        colors = colors / np.maximum(opacity[..., None] / 255, 1 / 255)
    whole = colors.round().clip(0, 255).astype(np.uint8)
    image = Image.fromarray(whole if whole.shape[2] == 3 else whole[..., 0])
    return _frame(image, opacity.round().astype(np.uint8), tags)


def _upright(values: Floats, orientation: int) -> Floats:
    if orientation in (5, 6, 7, 8):
        values = values.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    return values[::-1] if orientation in (3, 4, 7, 8) else values
