"""Parsers of option values: ``400M``, ``2G``, ``40%``, ``white``, ``cuda:0``."""

import re

import typer

from lowlight_cli.errors import UnknownNameError
from lowlight_cli.images.choices import FormatChoice

_LETTERS = " kmgt"

_DEVICE = re.compile(r"auto|cpu|mps|(cuda|xpu)(:all|:[0-9]+)?")


def parse_pixels(text: str | int) -> int:
    """A number of pixels; ``400M`` is 400,000,000."""
    pixels = _parse(text, 1000)
    if pixels < 1:
        raise typer.BadParameter(f"'{text}' allows no pixels; use 1 or more")
    return pixels


def parse_bytes(text: str | int) -> int:
    """A number of bytes; ``512M`` is 512 times 1024 times 1024."""
    return _parse(text, 1024)


def parse_share(text: str | float) -> float:
    """A share from 0 to 1; ``40%`` is 0.4."""
    number, percent, rest = str(text).strip().partition("%")
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        share = -1.0
    if rest or not 0 <= share <= 1:
        raise typer.BadParameter(f"'{text}' is not a number from 0 to 1, or a percentage such as 40%")
    return share


def parse_format(text: str) -> FormatChoice:
    """A format by its name; ``jpeg`` and ``tif`` are names, too."""
    try:
        return FormatChoice(text)
    except ValueError:
        known = ", ".join(f"'{choice.value}'" for choice in FormatChoice)
        raise typer.BadParameter(f"'{text}' is not one of {known}") from None


def check_devices(text: str) -> str:
    """Names of devices, unchanged, if each could be one; whether the machine has it only torch can tell."""
    wrong = [part for part in text.split(",") if not _DEVICE.fullmatch(part.strip())]
    if wrong:
        known = "auto, cpu, cuda, cuda:N, xpu, xpu:N, mps"
        raise typer.BadParameter(f"unknown device '{wrong[0].strip()}'; known: {known}")
    return text


def check_model(name: str) -> str:
    """Name of a model, unchanged, if there is one."""
    from lowlight_cli.models.catalog import MODELS

    try:
        MODELS[name]
    except UnknownNameError as error:
        raise typer.BadParameter(str(error)) from error
    return name


def check_color(text: str | None) -> str | None:
    """The name of a color, unchanged, if it is valid."""
    if text is not None:
        parse_color(text)
    return text


def parse_color(text: str) -> tuple[int, int, int]:
    """Red, green and blue in 0 to 255 of a color name or ``#rrggbb``."""
    from PIL import ImageColor

    try:
        red, green, blue, *_ = ImageColor.getrgb(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a color; try white or #ffffff") from None
    return red, green, blue


def _parse(text: str | int, thousand: int) -> int:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([kmgt]?)(?:i?b)?", str(text).strip().lower())
    if not found:
        raise typer.BadParameter(f"'{text}' is not a number; write it like 400M")
    number, letter = found.groups()
    return int(float(number) * thousand ** _LETTERS.index(letter or " "))
