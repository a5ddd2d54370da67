"""The picture formats that are read and written, and how their names end."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lowlight_cli.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Format:
    """One picture format.

    Attributes:
        suffixes: How file names end, in lower case; the first is used for new names.
        pillow_name: What Pillow calls it; None where another library reads it.
        keeps_alpha: Whether transparency survives.
        keeps_16_bit: Whether 16 bits per channel survive.
        keeps_gray: Whether a picture of one channel is written as such.
        longest_side: Most rows and columns of a result.
        holds: What several frames in one file are; ``one`` where there is room for a single frame.
        is_written: Whether results can have this format.
        extra: Extra of the package that reads it; None where the package itself does.
    """

    suffixes: tuple[str, ...]
    pillow_name: str | None
    keeps_alpha: bool = False
    keeps_16_bit: bool = False
    keeps_gray: bool = False
    longest_side: int = 2**31 - 1
    holds: Literal["one", "animation", "pages"] = "one"
    is_written: bool = True
    extra: str | None = None


_RAW_SUFFIXES = (
    *(".dng", ".nef", ".nrw", ".cr2", ".cr3", ".crw", ".arw", ".srf", ".sr2", ".raf", ".orf", ".rw2"),
    *(".pef", ".srw", ".x3f", ".3fr", ".fff", ".iiq", ".mrw", ".erf", ".mos", ".mef", ".dcr", ".kdc", ".rwl"),
)

FORMATS: Catalog[Format] = Catalog(
    "picture format",
    {
        "jpg": Format(
            (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), "JPEG", keeps_gray=True, longest_side=65_500
        ),
        "png": Format(
            (".png", ".apng"), "PNG", keeps_alpha=True, keeps_16_bit=True, keeps_gray=True, holds="animation"
        ),
        "tiff": Format(
            (".tiff", ".tif"), "TIFF", keeps_alpha=True, keeps_16_bit=True, keeps_gray=True, holds="pages"
        ),
        "webp": Format((".webp",), "WEBP", keeps_alpha=True, longest_side=16_383, holds="animation"),
        "avif": Format((".avif", ".avifs"), "AVIF", keeps_alpha=True, longest_side=65_536, holds="animation"),
        "gif": Format((".gif",), "GIF", keeps_alpha=True, longest_side=65_535, holds="animation"),
        "raw": Format(_RAW_SUFFIXES, None, is_written=False, extra="raw"),
        "heif": Format((".heic", ".heif", ".hif"), None, is_written=False, extra="heif"),
    },
)


def format_of(path: Path) -> str | None:
    """Name of the format that the end of a file name stands for; None for any other file."""
    suffix = path.suffix.lower()
    return next((name for name, form in FORMATS.items() if suffix in form.suffixes), None)


def result_format(source: str, wanted: str | None, *, sixteen_bit: bool = False) -> str:
    """Name of the format of a result.

    Args:
        source: Name of the format of the input.
        wanted: What the user asks for; None keeps the format of the input where it can be written.
        sixteen_bit: Whether 16 bits per channel are asked for.
    """
    if wanted is not None:
        return wanted
    if FORMATS[source].is_written:
        return source
    return "tiff" if sixteen_bit else "jpg"
