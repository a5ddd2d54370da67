"""Options that commands share about models and speed, what they accept, and what TAB offers for them."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli.cli.models import complete_model

_look = partial(typer.Option, rich_help_panel="Look")
_speed = partial(typer.Option, rich_help_panel="Speed and memory")

SMALLEST_TILE_SIDE = 128


class Precision(StrEnum):
    """Number format inside a model."""

    AUTO = "auto"
    FP32 = "fp32"
    TF32 = "tf32"
    BF16 = "bf16"
    FP16 = "fp16"


def complete_preset(context: typer.Context, incomplete: str) -> list[str]:
    """Presets of the model named before, else of the default model."""
    from lowlight_cli.models.catalog import MODELS

    name = context.params.get("model") or "codeenhance"
    presets = MODELS[name].presets if name in MODELS else ()
    return [preset for preset in presets if preset.startswith(incomplete)]


def complete_device(incomplete: str) -> list[str]:
    """Usual devices; asking the hardware would take seconds."""
    return [name for name in ("auto", "cpu", "cuda", "cuda:0", "cuda:1") if name.startswith(incomplete)]


def parse_batch_size(text: str) -> int | None:
    """A number of pictures, or None for ``auto``."""
    return None if text == "auto" else _whole_number(text, "auto", at_least=1)


def parse_tile(text: str) -> int | None:
    """Side of a tile in pixels, None for ``auto``, 0 for ``off``."""
    known = {"auto": None, "off": 0, "0": 0}
    return known[text] if text in known else _tile_side(text)


def _tile_side(text: str) -> int:
    return _whole_number(text, "auto, off", at_least=SMALLEST_TILE_SIDE)


def _whole_number(text: str, words: str, *, at_least: int) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < at_least:
        raise typer.BadParameter(f"'{text}' is neither {words} nor a whole number from {at_least}")
    return int(text)


ModelOption = Annotated[
    str,
    _look(
        "--model",
        "-m",
        help="Model to use; see `lle models list`.",
        autocompletion=complete_model,
        envvar="LLE_MODEL",
    ),
]
PresetOption = Annotated[
    str | None,
    _look(
        help="Size of the model.",
        autocompletion=complete_preset,
        show_default="lite, for codeenhance",
    ),
]
CheckpointOption = Annotated[
    Path | None,
    _look(help="Weights to use in place of those that ship.", metavar="FILE"),
]
ContrastOption = Annotated[float, _look(min=0, max=2, help="How much contrast is restored.")]
BrightnessOption = Annotated[float, _look(min=0, max=2, help="How much light is added.")]
TextureOption = Annotated[float, _look(min=0, max=2, help="How much fine detail is brought back.")]
StrengthOption = Annotated[
    float,
    _look(min=0, max=1, help="0 keeps the original, 1 is the full effect."),
]
ReferenceOption = Annotated[
    Path | None,
    _look(help="A well-lit picture whose look is wanted.", metavar="IMAGE"),
]
TemperatureOption = Annotated[
    float,
    _look(min=0, max=1, help="Of chance in models that draw their result; 0 takes the likeliest."),
]
SeedOption = Annotated[int, _look(min=0, help="For models that draw random numbers.")]
SaveDegradationOption = Annotated[
    bool,
    _look(
        "--save-degradation",
        help="For DRGN: write what was taken away, and what was left, beside each result.",
    ),
]
DeviceOption = Annotated[
    str,
    _speed(
        help="auto, cpu, cuda or cuda:N; auto takes the first GPU.",
        autocompletion=complete_device,
        envvar="LLE_DEVICE",
    ),
]
PrecisionOption = Annotated[
    Precision,
    _speed(
        help="Number format inside the model. auto takes a 16-bit format that is faster here and gives "
        "nearly the same image, else fp32; tf32 needs CUDA.",
        envvar="LLE_PRECISION",
    ),
]
BatchSizeOption = Annotated[
    int | None,
    _speed(
        metavar="auto|N",
        parser=parse_batch_size,
        show_default="auto",
        help="Pictures of one size per pass on a GPU; auto is 8. A CPU takes one at a time, whatever is "
        "asked for, so that no result depends on it.",
    ),
]
WorkersOption = Annotated[
    int | None,
    _speed(
        min=1,
        help="Threads that read, and as many that write.",
        show_default="usable processors, 16 at most",
        envvar="LLE_WORKERS",
    ),
]
TileOption = Annotated[
    int | None,
    _speed(
        metavar="auto|off|N",
        parser=parse_tile,
        show_default="auto",
        help="Side of the tiles that large photos are cut into; auto goes by memory.",
    ),
]
TileOverlapOption = Annotated[
    int,
    _speed(min=0, help="Pixels over which tiles fade into each other."),
]
