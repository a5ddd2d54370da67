"""Writes PNG with 8 or 16 bits per channel, including gray with opacity, and animated PNG.

Source: PNG (Third Edition), sections 9 (filters) and 11.3.3.3 (profiles).
"""

import zlib
from io import BytesIO

import cv2
import numpy as np
from PIL import Image

from lowlight_cli.images.codecs.prepare_output import Content
from lowlight_cli.images.metadata.png_chunks import START, make_chunk
from lowlight_cli.images.picture import Samples
from lowlight_cli.images.settings import WriteSettings

_GRAY_AND_OPACITY = 4
"""Color type in the header."""
_HEADER_END = len(START) + 25
_SUB = 1
"""Filter type that stores differences from the pixel on the left."""


def write_png_file(content: Content, settings: WriteSettings) -> bytes:
    """A PNG, or an APNG for several frames.

    Raises:
        ValueError: OpenCV cannot encode it.
    """
    encoded = _encoded(content, settings)
    if content.codes is None:
        return encoded
    codes = make_chunk(b"cICP", bytes((*content.codes, 0, 1)))
    return b"".join((encoded[:_HEADER_END], codes, encoded[_HEADER_END:]))


def _encoded(content: Content, settings: WriteSettings) -> bytes:
    """The file without color code points."""
    if len(content.samples) > 1:
        return _animation(content)
    samples = content.samples[0]
    if samples.shape[2] == 2:
        return _gray_and_opacity(samples, content.icc, settings.compression)
    done, data = cv2.imencode(".png", _cv2_order(samples), _cv2_options(settings.compression))
    if not done:
        raise ValueError("OpenCV cannot encode the image")
    encoded = data.tobytes()
    if not content.icc:
        return encoded
    # Not through OpenCV: libpng rejects profiles with small errors, and the image with them.
    return b"".join((encoded[:_HEADER_END], *_profile_chunks(content.icc), encoded[_HEADER_END:]))


def _cv2_options(compression: int) -> list[int]:
    """Encoder options of OpenCV."""
    # Up to level 6, run lengths alone: files of photos are as small as with a full search, in less time.
    strategy = cv2.IMWRITE_PNG_STRATEGY_RLE if compression <= 6 else cv2.IMWRITE_PNG_STRATEGY_DEFAULT
    return [cv2.IMWRITE_PNG_COMPRESSION, compression, cv2.IMWRITE_PNG_STRATEGY, strategy]


def _cv2_order(samples: Samples) -> Samples:
    channels = samples.shape[2]
    if channels == 1:
        return samples
    return cv2.cvtColor(samples, cv2.COLOR_RGB2BGR if channels == 3 else cv2.COLOR_RGBA2BGRA)


def _gray_and_opacity(samples: Samples, icc: bytes | None, compression: int) -> bytes:
    """A PNG with two channels, which OpenCV cannot write, and Pillow only with 8 bits."""
    height, width = samples.shape[:2]
    bits = samples.dtype.itemsize * 8
    rows = samples.astype(samples.dtype.newbyteorder(">")).view(np.uint8).reshape(height, width, -1)
    filtered = np.concatenate((rows[:, :1], rows[:, 1:] - rows[:, :-1]), axis=1).reshape(height, -1)
    stream = np.concatenate((np.full((height, 1), _SUB, np.uint8), filtered), axis=1).tobytes()
    size = width.to_bytes(4) + height.to_bytes(4)
    chunks = [make_chunk(b"IHDR", size + bytes((bits, _GRAY_AND_OPACITY, 0, 0, 0)))]
    chunks += _profile_chunks(icc)
    chunks += [make_chunk(b"IDAT", zlib.compress(stream, compression)), make_chunk(b"IEND", b"")]
    return START + b"".join(chunks)


def _profile_chunks(icc: bytes | None) -> list[bytes]:
    return [make_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc))] if icc else []


def _animation(content: Content) -> bytes:
    """An APNG; a first frame without duration is the default image, for programs without animation."""
    file = BytesIO()
    images = [
        Image.fromarray(samples.squeeze(2) if samples.shape[2] == 1 else samples)
        for samples in content.samples
    ]
    is_default = content.durations_ms[0] is None and any(content.durations_ms[1:])
    shown = content.durations_ms[1:] if is_default else content.durations_ms
    images[0].save(
        file,
        "PNG",
        save_all=True,
        append_images=images[1:],
        default_image=is_default,
        duration=[duration or 0 for duration in shown],
        loop=1 if content.loop is None else content.loop,
        icc_profile=content.icc,
    )
    return file.getvalue()
