"""Files that are hard on a program that reads pictures, with what must become of each.

A case is a name, how its bytes are made, and the outcome: the code of the error, the warnings, and what must
hold of the result.
"""

from dataclasses import dataclass

from numpy import asarray
from PIL import Image

from tests.cli.adverse_bytes import (
    SIZE,
    Make,
    bomb,
    cut,
    dark,
    deep_png,
    deep_tiff,
    float_tiff,
    moving,
    mpo,
    odd_tiff,
    pages,
    planar,
    saved,
    text_bomb,
)
from tests.cli.adverse_checks import (
    Check,
    close,
    deep,
    is_dark,
    of_mode,
    same,
    same_frames,
    same_pages,
    same_profile,
    stretched,
    upright,
    without_thumbnail,
)
from tests.unit.images.coded_files import avif, gama, png
from tests.unit.images.icc_bytes import DISPLAY_P3, forth_table, tables_icc
from tests.unit.images.photos import make_photo
from tests.unit.images.raw_bytes import make_lossy_dng


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
_ONE_WAY = tables_icc(A2B0=forth_table())


def _coded(primaries: int, transfer: int) -> Make:
    return lambda: avif(asarray(dark()), primaries, transfer)


CASES: tuple[Case, ...] = (
    *(Case(f"turned-{n}.jpg", _turned(n, "JPEG"), check=upright) for n in range(1, 9)),
    *(Case(f"turned-{n}.png", _turned(n, "PNG"), check=upright) for n in (3, 6)),
    Case("camera.jpg", lambda: make_photo("jpg").data, check=without_thumbnail),
    Case("profile.png", _still("PNG", **_P3), check=same_profile),
    Case("broken-profile.png", _still("PNG", icc_profile=b"no profile"), warnings=frozenset({"icc"})),
    Case("one-way-profile.png", _still("PNG", icc_profile=_ONE_WAY), warnings=frozenset({"icc_to_srgb"})),
    Case("wide.avif", _coded(12, 13), check=close(6)),
    Case("bright.avif", _coded(9, 16), warnings=frozenset({"hdr_to_sdr"})),
    Case("strange.avif", _coded(99, 13), warnings=frozenset({"color"}), check=close(6)),
    Case("linear.png", lambda: png(asarray(dark()), gama(100_000)), check=close(1)),
    Case("clear.png", _still("PNG", "RGBA"), check=same),
    Case("clear-gray.png", _still("PNG", "LA"), check=same),
    Case("clear-palette.png", _still("PNG", "P", transparency=3), check=close(1, mode="RGBA")),
    Case("clear.tiff", _still("TIFF", "RGBA"), check=same),
    Case("clear.webp", _still("WEBP", "RGBA", lossless=True), check=close(3, mode="RGBA")),
    Case("gray.png", _still("PNG", "L"), check=same),
    Case("gray.jpg", _still("JPEG", "L", quality=95), check=of_mode("L")),
    Case("one-bit.png", _still("PNG", "1"), check=of_mode("L")),
    Case("one-bit.tiff", _still("TIFF", "1", compression="group4"), check=of_mode("L")),
    Case("deep-gray.png", lambda: deep_png(1), check=deep),
    Case("deep.png", lambda: deep_png(3), check=deep),
    Case("deep-clear.png", lambda: deep_png(4), check=deep),
    Case("deep.tiff", lambda: deep_tiff(3), check=deep),
    Case("deep-gray.tiff", lambda: deep_tiff(1), check=deep),
    Case("ten-bits.tiff", lambda: odd_tiff(10), check=stretched(10)),
    Case(
        "fourteen-bits.tiff",
        lambda: odd_tiff(14, order=">", big=True, planes=True, method=5),
        check=stretched(14),
    ),
    Case("four-bits.tiff", lambda: odd_tiff(4, method=32773), check=stretched(4)),
    Case("ten-bits-cut.tiff", lambda: cut(odd_tiff(10), 0.9), code="truncated"),
    Case("lossy-cut.dng", lambda: cut(make_lossy_dng()[0], 0.6), code="truncated"),
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
