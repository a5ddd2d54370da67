"""What must hold of a result beside its source; each check raises where something is wrong."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy
import tifffile
from PIL import Image, ImageOps

from tests.cli.adverse_bytes import dark, odd_values

Check = Callable[[Path, Path], None]


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
    """About the same colors: JPEG loses some."""

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


def stretched(bits: int) -> Check:
    """The nearest shades of 16 bits, or of 8 for fewer."""
    top = 65535 if bits > 8 else 255

    def check(source: Path, result: Path) -> None:
        wanted = numpy.rint(odd_values(bits) * (top / (2**bits - 1)))
        assert numpy.array_equal(tifffile.imread(result), wanted)

    return check


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
    """The bytes of the profile, and colors that differ by no more than rounding."""
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
