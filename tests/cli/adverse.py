"""Files that are hard on a program that reads pictures, with what must become of each.

A case is a name, how its bytes are made, and the outcome: the code of the error, the warnings, and what must
hold of the result.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import cv2
import numpy
import tifffile
from PIL import Image, ImageOps

from tests.conftest import dark_pixels
from tests.unit.images.photos import make_photo
from tests.unit.images.test_colour import DISPLAY_P3

Check = Callable[[Path, Path], None]
Make = Callable[[], bytes]
SIZE = (48, 32)


@dataclass(frozen=True)
class Case:
    """A file and what must become of it.

    Attributes:
        name: Of the file; its end decides what the scan takes it for.
        make: Gives its content.
        code: Of the error, or None for success.
        warnings: Codes that come with success.
        check: Told of source and result; raises where something is wrong.
        result: Name of the result; None for that of the source.
    """

    name: str
    make: Make
    code: str | None = None
    warnings: frozenset[str] = frozenset()
    check: Check | None = None
    result: str | None = None


def saved(picture: Image.Image, form: str, **options: object) -> bytes:
    """A file as Pillow writes it."""
    file = BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def dark(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """A dark picture."""
    return Image.fromarray(dark_pixels(size)).convert(mode)


def opened(path: Path) -> Image.Image:
    """A loaded picture, of which no file stays open."""
    image = Image.open(BytesIO(path.read_bytes()))
    image.load()
    return image


def samples(path: Path) -> numpy.ndarray:
    """Samples as they are stored, of 8 bits or 16."""
    return cv2.imdecode(numpy.frombuffer(path.read_bytes(), numpy.uint8), cv2.IMREAD_UNCHANGED)


def same(source: Path, result: Path) -> None:
    """The same samples, mode and size."""
    before, after = opened(source), opened(result)
    assert (after.mode, after.size) == (before.mode, before.size)
    assert after.tobytes() == before.tobytes()


def same_samples(source: Path, result: Path) -> None:
    """The same samples of the same depth, channel by channel."""
    before, after = samples(source), samples(result)
    assert after.dtype == before.dtype
    assert numpy.array_equal(after, before)


def close(tolerance: int, *, mode: str = "RGB") -> Check:
    """About the same colours: JPEG loses some."""

    def check(source: Path, result: Path) -> None:
        before, after = (numpy.asarray(opened(path).convert(mode), int) for path in (source, result))
        assert after.shape == before.shape
        assert abs(after - before).mean() < tolerance

    return check


def upright(source: Path, result: Path) -> None:
    """What the source shows when it is turned as it says."""
    before, after = ImageOps.exif_transpose(opened(source)), opened(result)
    assert after.size == before.size
    assert abs(numpy.asarray(after, int) - numpy.asarray(before, int)).mean() < 2
    assert after.getexif().get(274, 1) == 1


def deep(source: Path, result: Path) -> None:
    """A dark picture of 16 bits keeps its shades."""
    same_samples(source, result)
    assert len(numpy.unique(samples(result))) > 200


def of_mode(mode: str) -> Check:
    """A result of one kind."""

    def check(source: Path, result: Path) -> None:
        assert opened(result).mode == mode

    return check


def same_frames(source: Path, result: Path) -> None:
    """As many frames, each shown as long, and for the first and last the same picture."""
    before, after = opened(source), opened(result)
    assert after.n_frames == before.n_frames > 1
    for number in range(before.n_frames):
        before.seek(number)
        after.seek(number)
        assert after.info.get("duration") == before.info.get("duration")
        difference = numpy.asarray(after.convert("RGBA"), int) - numpy.asarray(before.convert("RGBA"), int)
        assert abs(difference).mean() < 4
    assert after.info.get("loop") == before.info.get("loop")


def same_pages(source: Path, result: Path) -> None:
    """Each page with its own size and depth."""
    with tifffile.TiffFile(source) as before, tifffile.TiffFile(result) as after:
        assert len(after.pages) == len(before.pages) > 1
        for old, new in zip(before.pages, after.pages, strict=True):
            assert numpy.array_equal(new.asarray(), old.asarray())
            assert new.dtype == old.dtype


def same_profile(source: Path, result: Path) -> None:
    """The bytes of the profile, and colours that differ by no more than rounding."""
    before, after = opened(source), opened(result)
    assert after.info["icc_profile"] == before.info["icc_profile"]
    assert abs(numpy.asarray(after, int) - numpy.asarray(before, int)).max() <= 1


def without_thumbnail(source: Path, result: Path) -> None:
    """All that the camera told but for the small dark picture."""
    assert b"THUMBNAIL" in source.read_bytes()
    assert b"THUMBNAIL" not in result.read_bytes()
    exif = opened(result).getexif()
    assert (exif[271], exif[315], exif.get_ifd(0x8825)[1]) == ("Maker", "An Artist", "N")
    assert exif[11].startswith("lle ")
    assert b"softwareAgent>lle " in result.read_bytes()


def is_dark(source: Path, result: Path) -> None:
    """The dark picture of these tests, where Pillow refuses to open the source."""
    assert opened(result).tobytes() == dark().tobytes()


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


def pages() -> bytes:
    """Three pages of different size, depth and colour."""
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
    """One plane for each colour, compressed."""
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


def _exotic(start: bytes) -> Make:
    return lambda: start + bytes(200)


def _still(form: str, mode: str = "RGB", size: tuple[int, int] = SIZE, **options: object) -> Make:
    return lambda: saved(dark(mode, size), form, **options)


def _even(shade: int) -> Make:
    return lambda: saved(Image.new("RGB", SIZE, (shade,) * 3), "PNG")


def _turned(orientation: int, form: str) -> Make:
    exif = Image.Exif()
    exif[274] = orientation
    options = {"quality": 95, "subsampling": 0} if form == "JPEG" else {}
    return lambda: saved(dark(), form, exif=exif, **options)


def _cut(form: str, share: float) -> Make:
    return lambda: cut(saved(dark(size=(300, 200)), form), share)


_SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "TIFF": "tiff", "GIF": "gif"}
_P3 = {"icc_profile": DISPLAY_P3}

CASES: tuple[Case, ...] = (
    *(Case(f"turned-{n}.jpg", _turned(n, "JPEG"), check=upright) for n in range(1, 9)),
    *(Case(f"turned-{n}.png", _turned(n, "PNG"), check=upright) for n in (3, 6)),
    Case("camera.jpg", lambda: make_photo("jpg").data, check=without_thumbnail),
    Case("profile.png", _still("PNG", **_P3), check=same_profile),
    Case("broken-profile.png", _still("PNG", icc_profile=b"no profile"), warnings=frozenset({"icc"})),
    Case("clear.png", _still("PNG", "RGBA"), check=same),
    Case("clear-grey.png", _still("PNG", "LA"), check=same),
    Case("clear-palette.png", _still("PNG", "P", transparency=3), check=close(1, mode="RGBA")),
    Case("clear.tiff", _still("TIFF", "RGBA"), check=same),
    Case("clear.webp", _still("WEBP", "RGBA", lossless=True), check=close(3, mode="RGBA")),
    Case("grey.png", _still("PNG", "L"), check=same),
    Case("grey.jpg", _still("JPEG", "L", quality=95), check=of_mode("L")),
    Case("one-bit.png", _still("PNG", "1"), check=of_mode("L")),
    Case("one-bit.tiff", _still("TIFF", "1", compression="group4"), check=of_mode("L")),
    Case("deep-grey.png", lambda: deep_png(1), check=deep),
    Case("deep.png", lambda: deep_png(3), check=deep),
    Case("deep-clear.png", lambda: deep_png(4), check=deep),
    Case("deep.tiff", lambda: deep_tiff(3), check=deep),
    Case("deep-grey.tiff", lambda: deep_tiff(1), check=deep),
    Case("deep-packed.tiff", lambda: deep_tiff(3, compression="adobe_deflate", predictor=True), check=deep),
    Case("print.jpg", _still("JPEG", "CMYK"), warnings=frozenset({"cmyk_to_rgb"}), check=of_mode("RGB")),
    Case("progressive.jpg", _still("JPEG", progressive=True, quality=95), check=close(2)),
    Case("palette.png", _still("PNG", "P"), check=close(1)),
    Case("two-pictures.jpg", mpo, check=close(3)),
    Case("planar.tiff", planar, check=close(1)),
    Case("packed.tiff", _still("TIFF", compression="tiff_lzw"), check=same),
    Case("pages.tiff", pages, check=same_pages),
    Case("float.tiff", lambda: float_tiff(0.1), code="unsupported"),
    Case("not-a-number.tiff", lambda: float_tiff(float("nan")), code="unsupported"),
    Case("moving.gif", lambda: moving("GIF", "P"), check=same_frames),
    Case("moving.webp", lambda: moving("WEBP"), check=same_frames),
    Case("moving.png", lambda: moving("PNG"), check=same_frames),
    Case("still.gif", _still("GIF", "P"), check=close(3)),
    Case("photo.jxl.jpg", _exotic(b"\xff\x0a"), code="unsupported"),
    Case("layers.png", _exotic(b"8BPS\0\1"), code="unsupported"),
    Case(
        "drawing.png",
        lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "unsupported",
    ),
    Case("film.jpg", _exotic(b"\0\0\0\x18ftypisom"), code="unsupported"),
    Case("light.tiff", _exotic(b"\x76\x2f\x31\x01"), code="unsupported"),
    Case("old.jpg", _still("BMP"), code="unsupported"),
    Case("really-a.jpg", _still("PNG"), warnings=frozenset({"extension"}), check=close(3)),
    Case("UPPER.JPG", _still("JPEG", quality=95), check=close(2)),
    Case("no-picture.jpg", lambda: b"dear diary", code="unreadable"),
    Case("empty.png", lambda: b"", code="unreadable"),
    *(
        Case(f"cut-{int(share * 100)}.{_SUFFIXES[form]}", _cut(form, share), code="truncated")
        for form in ("JPEG", "PNG", "WEBP", "TIFF")
        for share in (0.1, 0.5, 0.9)
        if (form, share) != ("TIFF", 0.1)
    ),
    Case("bomb.png", bomb, code="too_large"),
    Case("text-bomb.png", text_bomb, warnings=frozenset({"metadata"}), check=is_dark),
    *(
        Case(f"size-{width}x{height}.png", _still("PNG", size=(width, height)), check=same)
        for width, height in ((1, 1), (3, 5), (31, 33), (1, 40), (40, 1), (17, 2), (40, 40))
    ),
    *(Case(f"even-{shade}.png", _even(shade), check=same) for shade in (0, 77, 255)),
    Case("with space.png", _still("PNG"), check=same),
    Case("new\nline.png", _still("PNG"), check=same),
    Case("tab\tand \x1b[31mred.png", _still("PNG"), check=same),
    Case("'quotes\" and $(dollars) `ticks`.png", _still("PNG"), check=same),
    Case("night \N{NIGHT WITH STARS} photo.png", _still("PNG"), check=same),
    Case("caf\u00e9-composed.png", _still("PNG"), check=same),
    Case("cafe\u0301-decomposed.png", _still("PNG"), check=same),
    Case("\u6771\u4eac.png", _still("PNG"), check=same),
    Case("-n.png", _still("PNG"), check=same),
    Case("--format=jpg.png", _still("PNG"), check=same),
    Case("invalid-\udcff\udcfe-utf8.png", _still("PNG"), check=same),
    Case("x" * 251 + ".png", _still("PNG"), check=same),
    Case("\u00fc" * 125 + ".png", _still("PNG"), check=same),
    Case("CON.png", _still("PNG"), check=same),
    Case("ends with dot..png", _still("PNG"), check=same),
    Case("*?[x].png", _still("PNG"), check=same),
    Case("%d {stem}.png", _still("PNG"), check=same),
)
"""What lies in one folder and goes through in one run."""

IGNORED = {
    "notes.txt": b"notes",
    "._photo.jpg": b"what a Mac leaves behind",
    "Thumbs.db": b"what Windows leaves behind",
    ".hidden.png": b"hidden",
}
"""What is no picture by its name, and is left alone."""
