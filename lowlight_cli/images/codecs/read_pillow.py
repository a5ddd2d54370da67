"""Reads JPEG, PNG, WebP and AVIF, still and animated, with 8 or 16 bits per channel."""

from io import BytesIO

import cv2
import numpy as np
from PIL import Image, JpegImagePlugin

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs.avif_boxes import codes_of_boxes, has_more_than_eight_bits
from lowlight_cli.images.codecs.pillow_memory import rgb_of
from lowlight_cli.images.codecs.png_check import check_png, is_sixteen_bit_png
from lowlight_cli.images.color.color_management import cmyk_to_srgb
from lowlight_cli.images.color.named_colors import colors_of_codes, colors_of_png
from lowlight_cli.images.formats import FORMATS
from lowlight_cli.images.frames import Colors, colors_of, make_frame
from lowlight_cli.images.limits import check_frames, check_size
from lowlight_cli.images.metadata.png_chunks import read_png
from lowlight_cli.images.metadata.policy import orientation_of
from lowlight_cli.images.metadata.read import read_metadata
from lowlight_cli.images.mute_native_libs import libraries_muted
from lowlight_cli.images.picture import Picture, Restore, Samples
from lowlight_cli.images.settings import ReadSettings

_SUBSAMPLINGS = {0: "444", 1: "422", 2: "420"}
_CLEAR_MODES = ("LA", "La", "RGBA", "RGBa", "PA")
_GRAY_MODES = ("1", "L", "LA", "La")
_UNKNOWN_MODES = ("I", "F", "LAB", "HSV")
_STRIP_BYTES = 2**17
"""Bytes of Pillow's pixels that are copied at a time.

Pillow makes three copies of each request and holds Python's lock meanwhile; in small pieces of memory, which
are used again at once, that takes a third of the time.
"""


def read_pillow(data: bytes, name: str, settings: ReadSettings) -> Picture:
    """Reads a file of a format that Pillow supports.

    Args:
        data: The whole file.
        name: Its format, in ``FORMATS``.
        settings: Limits, and what to do about further frames.

    Raises:
        ImageError: ``unsupported`` or ``too_large``.
        OSError: The file is damaged; Pillow raises other exceptions, too.
    """
    with Image.open(
        BytesIO(data), formats=["JPEG", "MPO"] if name == "jpg" else [_pillow_name(name)]
    ) as image:
        check_size(image.width, image.height, settings)
        count = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
        count = check_frames([(image.width, image.height)], settings, count)
        if count == 1:
            return _read_still(data, image, name)
        return _read_animation(data, image, name, count)


def samples_of(image: Image.Image) -> Samples:
    """Samples of a loaded image of 8 bits, uint8 (h, w, channels).

    Raises:
        ImageError: ``unsupported``.
    """
    if image.mode in _UNKNOWN_MODES:
        message = f"Pillow mode {image.mode} is not supported; convert it to 8 or 16 bits per channel first"
        raise ImageError("unsupported", message)
    clear = image.mode in _CLEAR_MODES or "transparency" in image.info
    if image.mode == "CMYK":
        samples = _array(cmyk_to_srgb(image))
    else:
        samples = _array(image if image.mode in ("RGB", "L", "LA", "RGBA") else _plain(image, clear=clear))
    if clear and samples.shape[2] in (1, 3):
        samples = _array(image.convert("RGBA"))
    if image.mode in _GRAY_MODES and samples.shape[2] > 2:
        samples = samples[..., [0, 3]] if samples.shape[2] == 4 else samples[..., :1]
    return samples


def _array(image: Image.Image) -> Samples:
    """Samples of an image with one byte per channel, (h, w, channels)."""
    if (samples := rgb_of(image)) is not None:
        return samples
    width, height = image.size
    samples = np.empty((height, width, len(image.getbands())), np.uint8)
    step = max(1, _STRIP_BYTES // (4 * width))
    for top in range(0, height, step):
        part = image.crop((0, top, width, min(top + step, height)))
        rows = rgb_of(part)
        rows = np.asarray(part) if rows is None else rows
        samples[top : top + step] = rows.reshape(samples[top : top + step].shape)
    return samples


def _plain(image: Image.Image, *, clear: bool) -> Image.Image:
    """The image in a mode with one byte per channel."""
    if image.mode == "1":
        return image.convert("L")
    return image.convert("RGBA" if clear else "RGB")


def _pillow_name(name: str) -> str:
    return FORMATS[name].pillow_name or ""


def _read_still(data: bytes, image: Image.Image, name: str) -> Picture:
    sixteen_bit = name == "png" and is_sixteen_bit_png(data)
    subsampling = _subsampling(image) if name == "jpg" else None
    if sixteen_bit:
        samples, orientation = _read_sixteen_bit_png(data), _orientation_of_png(data)
    else:
        image.load()  # first, because reading the orientation would load it, too, and hide damage
        samples, orientation = samples_of(image), orientation_of(image)
    colors, warnings = _colors(data, image, name, gray=samples.shape[2] < 3, sixteen_bit=sixteen_bit)
    frame = make_frame(samples, colors, orientation=orientation)
    height, width = frame.pixels.shape[:2]
    metadata, damage = read_metadata(data, image, width, height)
    if name == "avif" and has_more_than_eight_bits(data):
        warnings += ("depth_8bit",)
    restore = Restore(name, metadata, colors.icc, subsampling, codes=colors.codes)
    return Picture((frame,), restore, warnings + colors.warnings + damage)


def _colors(
    data: bytes, image: Image.Image, name: str, *, gray: bool, sixteen_bit: bool = False
) -> tuple[Colors, tuple[str, ...]]:
    """Color space of the samples, and warnings about the conversion to RGB.

    Args:
        data: The whole file.
        image: The loaded image.
        name: Format of the file, in ``FORMATS``.
        gray: Whether it has one channel of brightness.
        sixteen_bit: Whether it has 16 bits per channel.
    """
    if image.mode == "CMYK":
        return Colors(), ("cmyk_to_rgb",)
    icc = image.info.get("icc_profile")
    if name == "png":
        return colors_of_png(data, icc, gray=gray, sixteen_bit=sixteen_bit), ()
    codes = codes_of_boxes(data) if name == "avif" and not icc else None
    if codes is not None:
        return colors_of_codes(codes, gray=gray), ()
    return colors_of(icc, gray=gray, sixteen_bit=sixteen_bit), ()


def _read_sixteen_bit_png(data: bytes) -> Samples:
    """Samples of a 16-bit PNG, which Pillow would reduce to 8 bits."""
    check_png(data)
    with libraries_muted():
        samples = cv2.imdecode(
            np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
        )
    if samples is None or samples.dtype != np.uint16:
        raise ImageError("unreadable", "the PNG is damaged")
    if samples.ndim == 2:
        return samples[..., None]
    if data[25] in (0, 4):  # color types without color; OpenCV repeats the gray
        return samples[..., [0, 3]] if samples.shape[2] == 4 else samples[..., :1]
    return cv2.cvtColor(samples, cv2.COLOR_BGR2RGB if samples.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)


def _orientation_of_png(data: bytes) -> int:
    """EXIF orientation, read without Pillow, which decodes all pixels to find metadata after them."""
    carrier = Image.new("L", (1, 1))
    carrier.info["exif"] = read_png(data)[0]
    return orientation_of(carrier)


def _read_animation(data: bytes, image: Image.Image, name: str, count: int) -> Picture:
    """All frames, each as a full image."""
    stored, durations = [], []
    for number in range(count):
        image.seek(number)
        image.load()
        stored.append(samples_of(image))
        duration = image.info.get("duration")
        durations.append(None if duration is None else round(duration))
    if len({samples.shape[:2] for samples in stored}) > 1:
        raise ImageError("unreadable", "the frames of the animation have different sizes")
    if image.info.get("default_image"):
        durations[0] = None
    orientation = orientation_of(image)
    gray = all(samples.shape[2] < 3 for samples in stored)
    colors, warnings = _colors(data, image, name, gray=gray)
    channels = max(samples.shape[2] for samples in stored)
    frames = [
        make_frame(_with_channels(samples, channels), colors, orientation=orientation, duration_ms=duration)
        for samples, duration in zip(stored, durations, strict=True)
    ]
    height, width = frames[0].pixels.shape[:2]
    metadata, damage = read_metadata(data, image, width, height)
    if (name == "png" and is_sixteen_bit_png(data)) or (name == "avif" and has_more_than_eight_bits(data)):
        warnings += ("depth_8bit",)
    restore = Restore(name, metadata, colors.icc, loop=image.info.get("loop"), codes=colors.codes)
    return Picture(tuple(frames), restore, warnings + colors.warnings + damage)


def _with_channels(samples: Samples, channels: int) -> Samples:
    """The samples with ``channels`` channels, the largest number of any frame."""
    had = samples.shape[2]
    if had == channels:
        return samples
    color = (
        samples[..., :1].repeat(3, axis=2) if had < 3 <= channels else samples[..., : had - (had in (2, 4))]
    )
    if channels in (1, 3):
        return color
    alpha = samples[..., -1:] if had in (2, 4) else np.full_like(samples[..., :1], 255)
    return np.concatenate((color, alpha), axis=2)


def _subsampling(image: Image.Image) -> str | None:
    """Chroma subsampling of a JPEG; None for gray, and for modes that are not written."""
    return _SUBSAMPLINGS.get(JpegImagePlugin.get_sampling(image))
