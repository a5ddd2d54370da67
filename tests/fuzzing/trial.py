"""One damaged file on its way through the program: read, left as it is, written, read again."""

import warnings
from pathlib import Path

import numpy

from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode
from lowlight_cli.images.encode import encode
from lowlight_cli.images.formats import FORMATS, result_format
from lowlight_cli.images.settings import ReadSettings, WriteSettings

LOSSLESS = frozenset({"png", "tiff"})
CODES = frozenset({"unreadable", "truncated", "unsupported", "too_large", "oom"})
TARGETS = (None, None, None, "jpg", "png", "tiff", "webp")


def outcome_of(name: str, data: bytes, folder: Path, number: int, *, max_pixels: int = 2_000_000) -> str:
    """What became of a file: ``ok``, ``ok, with <warnings>``, or the code of the error.

    Args:
        name: Of the sound file; its first part ends the name on disk.
        data: The damaged file.
        folder: Empty, and empty again afterwards.
        number: Chooses the target and the settings.
        max_pixels: Larger pictures are refused.

    Raises:
        AssertionError: The input was changed, a result cannot be read again, or something was left behind.
        Exception: The program failed in a way that it must not.
    """
    source = folder / f"{number}.{name.split('-', maxsplit=1)[0]}"
    source.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries' own words about damage
        try:
            outcome = _through(source, folder, number, max_pixels)
        except ImageError as error:
            outcome, told = error.code, str(error)
        else:
            told = "nothing"
    assert outcome.startswith("ok") or outcome in CODES, outcome
    assert told.strip()
    assert "\n" not in told, told
    assert source.read_bytes() == data
    source.unlink()
    assert not list(folder.iterdir()), "something was left behind"
    return outcome


def _through(source: Path, folder: Path, number: int, max_pixels: int) -> str:
    read = ReadSettings(max_pixels=max_pixels, allow_truncated=number % 3 == 0)
    picture = decode(source, read)
    wanted = TARGETS[number % len(TARGETS)]
    several = len(picture.frames) > 1
    name = result_format(picture.restore.format, None if several else wanted, sixteen_bit=number % 2 == 0)
    if several and FORMATS[name].holds == "one":
        return "ok, several frames for a format of one"
    target = folder / f"{number}-result.{name}"
    metadata = ("keep", "safe", "strip")[number % 3]
    encode(picture, target, WriteSettings(metadata=metadata, flatten=(0, 0, 0), quality=80, compression=1))
    again = decode(target)
    target.unlink()
    assert len(again.frames) == len(picture.frames) or name in ("webp", "gif", "avif", "png"), "frames lost"
    assert again.pixels.shape == picture.pixels.shape, "another size"
    assert set(again.warnings) <= {"icc", "icc_8bit"}, f"the result has {again.warnings}"
    alpha = picture.frames[0].alpha
    if name in LOSSLESS and picture.restore.icc is None and alpha is None and not picture.frames[0].gray:
        assert numpy.array_equal(again.pixels, picture.pixels), "another picture"
    return "ok" if not picture.warnings else "ok, with warnings"
