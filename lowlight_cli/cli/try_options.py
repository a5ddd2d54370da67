"""Declares the options of ``lle try``, and parses lists of values."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli.cli.models import visible_models

_compare = partial(typer.Option, rich_help_panel="Values to compare")
_sheet = partial(typer.Option, rich_help_panel="Sheet")


def parse_numbers(texts: list[str] | None, usual: float) -> tuple[float, ...]:
    """Numbers of an option that was checked; ``usual`` if it was not given."""
    words = [word for text in texts or () for word in text.split(",")]
    return tuple(float(word) for word in words) or (usual,)


def parse_names(texts: list[str] | None) -> tuple[str, ...]:
    """Names of an option, separated by commas or given several times."""
    return tuple(name.strip() for text in texts or () for name in text.split(","))


def parse_place(text: str | None) -> tuple[int, int] | None:
    """Column and row of ``1200,800``."""
    if text is None:
        return None
    x, comma, y = text.partition(",")
    if not (comma and x.strip().isdecimal() and y.strip().isdecimal()):
        raise typer.BadParameter(f"'{text}' is no place; write it as X,Y in pixels, for example 1200,800")
    return int(x), int(y)


def _check_place(text: str | None) -> str | None:
    parse_place(text)
    return text


def _numbers_up_to(most: int) -> Callable[[list[str] | None], list[str] | None]:
    """A check of lists of numbers from 0 to ``most``."""

    def check(texts: list[str] | None) -> list[str] | None:
        for word in parse_names(texts):
            try:
                is_valid = 0 <= float(word) <= most
            except ValueError:
                is_valid = False
            if not is_valid:
                raise typer.BadParameter(
                    f"'{word}' is not a number from 0 to {most}; separate values by commas: 0.5,1"
                )
        return texts

    return check


def complete_models(incomplete: str) -> list[str]:
    """The list so far, with its last name completed to each model that fits."""
    done, comma, start = incomplete.rpartition(",")
    names = [name for name in ("all", *visible_models()) if name not in done.split(",")]
    return [f"{done}{comma}{name}" for name in names if name.startswith(start)]


PhotosArgument = Annotated[
    list[Path], typer.Argument(metavar="PHOTO", help="Photos; each gets a sheet of its own.")
]
OutOption = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        metavar="PATH",
        help="Sheet file (.jpg or .png), or folder for the sheets.",
        show_default="PHOTO_try.jpg in the current folder",
    ),
]
ForceOption = Annotated[
    bool, _sheet("--force", help="Replace an existing file that is not an unchanged sheet of lle try.")
]
ModelsOption = Annotated[
    list[str] | None,
    _compare(
        "--model",
        "-m",
        metavar="NAME,...",
        help="Models to compare; all takes each one whose weights are here.",
        autocompletion=complete_models,
        show_default="all, or codeenhance if another option has several values",
    ),
]
ContrastOption = Annotated[
    list[str] | None,
    _compare(metavar="N,...", callback=_numbers_up_to(2), help="Values of --contrast, from 0 to 2."),
]
BrightnessOption = Annotated[
    list[str] | None,
    _compare(metavar="N,...", callback=_numbers_up_to(2), help="Values of --brightness, from 0 to 2."),
]
TextureOption = Annotated[
    list[str] | None,
    _compare(metavar="N,...", callback=_numbers_up_to(2), help="Values of --texture, from 0 to 2."),
]
StrengthOption = Annotated[
    list[str] | None,
    _compare(metavar="N,...", callback=_numbers_up_to(1), help="Values of --strength, from 0 to 1."),
]
TemperatureOption = Annotated[
    list[str] | None,
    _compare(
        metavar="N,...",
        callback=_numbers_up_to(1),
        help="Values of --temperature (GLARE with a flow only), from 0 to 1.",
    ),
]
ReferencesOption = Annotated[
    list[Path] | None,
    _compare("--reference", metavar="FILE", help="Well-lit image whose look is copied; may be repeated."),
]
SizeOption = Annotated[
    int, _sheet(min=64, max=2048, metavar="N", help="Long side of each photo on the sheet, in pixels.")
]
CropOption = Annotated[
    str | None,
    _sheet(
        metavar="X,Y",
        callback=_check_place,
        help="Center of the part shown at 100 %, in pixels of the upright photo.",
        show_default="a dark part with much detail",
    ),
]
CropSizeOption = Annotated[
    int | None,
    _sheet(
        min=0,
        max=2048,
        metavar="N",
        help="Long side of that part, in pixels; 0 leaves it out.",
        show_default="that of --size",
    ),
]
ExactOption = Annotated[
    bool,
    _sheet("--exact", help="Enhance the whole photo for each image; slower, and exactly as in a batch."),
]
