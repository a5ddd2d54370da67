"""Lists the supported image formats, their file extensions and what each can hold."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from lowlight_cli.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Format:
    """An image format.

    Attributes:
        suffixes: File extensions in lower case; the first is used for new names.
        pillow_name: Pillow's name for it; None if another library reads it.
        keeps_alpha: Whether outputs can have transparency.
        keeps_16_bit: Whether outputs can have 16 bits per channel.
        keeps_gray: Whether outputs can have a single channel.
        longest_side: Largest width and height of an output.
        holds: What several frames in one file are; ``one`` if the format holds a single frame.
        is_written: Whether it can be written.
        extra: Extra of this package needed to read it; None if none is needed.
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
    "image format",
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
    """Name of the format of a file extension; None for any other file."""
    return _names_by_suffix().get(path.suffix.lower())


@cache
def _names_by_suffix() -> dict[str, str]:
    return {suffix: name for name, form in FORMATS.items() for suffix in form.suffixes}


def written_names(start: str = "") -> str:
    """Names of the formats that can be written, for messages: ``jpg, png, tiff, webp, avif or gif``.

    Args:
        start: What each name starts with: a dot for extensions.
    """
    *names, last = (f"{start}{name}" for name, form in FORMATS.items() if form.is_written)
    return f"{', '.join(names)} or {last}"


def result_format(source: str, wanted: str | None, *, sixteen_bit: bool = False) -> str:
    """Name of the format of an output.

    Args:
        source: Name of the format of the input.
        wanted: Format requested by the user; None keeps that of the input if it can be written.
        sixteen_bit: Whether the user requested 16 bits per channel.
    """
    if wanted is not None:
        return wanted
    if FORMATS[source].is_written:
        return source
    return "tiff" if sixteen_bit else "jpg"
