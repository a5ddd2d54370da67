"""The picture formats that are read and written, and how their names end."""

from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Format:
    """One picture format.

    Attributes:
        suffixes: How file names end, in lower case; the first is used for new names.
        pillow_name: What Pillow calls it.
        keeps_alpha: Whether transparency survives.
        keeps_16_bit: Whether 16 bits per channel survive.
    """

    suffixes: tuple[str, ...]
    pillow_name: str
    keeps_alpha: bool
    keeps_16_bit: bool


FORMATS: Catalog[Format] = Catalog(
    "picture format",
    {
        "jpg": Format((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG", keeps_alpha=False, keeps_16_bit=False),
        "png": Format((".png",), "PNG", keeps_alpha=True, keeps_16_bit=True),
        "tiff": Format((".tiff", ".tif"), "TIFF", keeps_alpha=True, keeps_16_bit=True),
        "webp": Format((".webp",), "WEBP", keeps_alpha=True, keeps_16_bit=False),
    },
)


def format_of(path: Path) -> str | None:
    """Name of the format that the end of a file name stands for; None for any other file."""
    suffix = path.suffix.lower()
    return next((name for name, form in FORMATS.items() if suffix in form.suffixes), None)


def format_named_by_pillow(pillow_name: str | None) -> str | None:
    """Name of our format for what Pillow found in a file; None for a format we do not read."""
    # A phone's JPEG with a second picture behind the first is MPO to Pillow; the first is the photo.
    wanted = "JPEG" if pillow_name == "MPO" else pillow_name
    return next((name for name, form in FORMATS.items() if form.pillow_name == wanted), None)
