"""Contents of files that are hard on a program that reads pictures."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO

import cv2
import numpy
import tifffile
from PIL import Image

from tests.conftest import dark_pixels
from tests.unit.images.tiff_bytes import Form, tiff_of

Make = Callable[[], bytes]


SIZE = (48, 32)


def saved(picture: Image.Image, form: str, **options: object) -> bytes:
    """A file as Pillow writes it."""
    file = BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def dark(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """A dark picture."""
    return Image.fromarray(dark_pixels(size)).convert(mode)


def cut(data: bytes, share: float) -> bytes:
    """The first part of a file."""
    return data[: int(len(data) * share)]


def moving(form: str, mode: str = "RGB") -> bytes:
    """An animation of three pictures."""
    frames = [dark(mode).rotate(15 * turn, fillcolor=0) for turn in range(3)]
    options = {"lossless": True} if form == "WEBP" else {}
    return saved(
        frames[0], form, save_all=True, append_images=frames[1:], duration=[40, 80, 120], loop=2, **options
    )


def deep_png(channels: int) -> bytes:
    """Shades up to 255 of 65535: a dark picture of 16 bits."""
    values = numpy.arange(20 * 30 * channels, dtype=numpy.uint16).reshape(20, 30, channels) % 256
    return bytes(cv2.imencode(".png", values)[1])


def deep_tiff(channels: int, **options: object) -> bytes:
    """The same as TIFF."""
    values = numpy.arange(20 * 30 * channels, dtype=numpy.uint16).reshape(20, 30, channels) % 256
    file = BytesIO()
    kind = {"photometric": "rgb"} if channels > 2 else {"photometric": "minisblack"}
    tifffile.imwrite(file, values if channels > 1 else values[..., 0], metadata=None, **kind, **options)
    return file.getvalue()


def odd_values(bits: int) -> numpy.ndarray:
    """Dark shades of bits that fill no whole bytes."""
    return numpy.arange(20 * 30 * 3).reshape(20, 30, 3) % min(256, 2**bits)


def odd_tiff(bits: int, **form: object) -> bytes:
    """A TIFF of such bits."""
    return bytes(tiff_of(odd_values(bits), Form(bits, **form), 2))


def pages() -> bytes:
    """Three pages of different size, depth and color."""
    file = BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(dark_pixels(SIZE), photometric="rgb", metadata=None)
        writer.write(dark_pixels((20, 10)).astype(numpy.uint16) * 257, photometric="rgb", metadata=None)
        writer.write(dark_pixels((31, 33))[..., 0], photometric="minisblack", metadata=None)
    return file.getvalue()


def float_tiff(value: float) -> bytes:
    """A TIFF of floating-point numbers."""
    file = BytesIO()
    tifffile.imwrite(file, numpy.full((8, 8, 3), value, numpy.float32), photometric="rgb", metadata=None)
    return file.getvalue()


def planar() -> bytes:
    """One plane for each color, compressed."""
    file = BytesIO()
    planes = dark_pixels(SIZE).transpose(2, 0, 1)
    tifffile.imwrite(
        file, planes, photometric="rgb", planarconfig="separate", compression="zlib", metadata=None
    )
    return file.getvalue()


def bomb() -> bytes:
    """A PNG that claims 30000 x 30000 pixels, and packs them into few bytes."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(10**6))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def text_bomb() -> bytes:
    """A picture with a text that unpacks to 80 MB."""
    packer = zlib.compressobj(1)
    text = b"".join(packer.compress(bytes(2**20)) for _ in range(80)) + packer.flush()
    plain = saved(dark(), "PNG")
    return plain[:33] + _chunk(b"zTXt", b"Comment\0\0" + text) + plain[33:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def mpo() -> bytes:
    """A phone's JPEG with a second picture behind the first."""
    return saved(dark(), "MPO", save_all=True, append_images=[dark().rotate(180)], quality=95)
