"""Options that commands share, what they accept, and what TAB offers for them."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli.cli.models import complete_model
from lowlight_cli.images.formats import FORMATS
from lowlight_cli.inference.plan import OnExist

LOOK, FILES, SPEED, REPORT = "Look", "Files", "Speed and memory", "Report"

SMALLEST_TILE_SIDE = 128


class Precision(StrEnum):
    """Number format inside a model."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


class FormatChoice(StrEnum):
    """Format of the results."""

    KEEP = "keep"
    JPG = "jpg"
    PNG = "png"
    TIFF = "tiff"
    WEBP = "webp"


def default_workers() -> int:
    """Threads for files: the cores of this machine, four at most."""
    return min(4, os.cpu_count() or 1)


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
    return {"auto": None, "off": 0}[text] if text in ("auto", "off") else _tile_side(text)


def _tile_side(text: str) -> int:
    return _whole_number(text, "auto, off", at_least=SMALLEST_TILE_SIDE)


def _whole_number(text: str, words: str, *, at_least: int) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < at_least:
        raise typer.BadParameter(f"'{text}' is neither {words} nor a whole number from {at_least}")
    return int(text)


ModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        help="Model to use; see `lle models list`.",
        autocompletion=complete_model,
        envvar="LLE_MODEL",
        rich_help_panel=LOOK,
    ),
]
PresetOption = Annotated[
    str | None,
    typer.Option(
        help="Size of the model.",
        autocompletion=complete_preset,
        show_default="lite, for codeenhance",
        rich_help_panel=LOOK,
    ),
]
CheckpointOption = Annotated[
    Path | None,
    typer.Option(help="Weights to use in place of those that ship.", metavar="FILE", rich_help_panel=LOOK),
]
ContrastOption = Annotated[
    float, typer.Option(min=0, max=2, help="How much contrast is restored.", rich_help_panel=LOOK)
]
BrightnessOption = Annotated[
    float, typer.Option(min=0, max=2, help="How much light is added.", rich_help_panel=LOOK)
]
TextureOption = Annotated[
    float, typer.Option(min=0, max=2, help="How much fine detail is brought back.", rich_help_panel=LOOK)
]
StrengthOption = Annotated[
    float,
    typer.Option(min=0, max=1, help="0 keeps the original, 1 is the full effect.", rich_help_panel=LOOK),
]
ReferenceOption = Annotated[
    Path | None,
    typer.Option(help="A well-lit picture whose look is wanted.", metavar="IMAGE", rich_help_panel=LOOK),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        help="auto, cpu, cuda or cuda:N; auto takes the first GPU.",
        autocompletion=complete_device,
        envvar="LLE_DEVICE",
        rich_help_panel=SPEED,
    ),
]
PrecisionOption = Annotated[
    Precision,
    typer.Option(
        help="Numbers inside the model; auto takes bf16 where the hardware has it, else fp32.",
        envvar="LLE_PRECISION",
        rich_help_panel=SPEED,
    ),
]
BatchSizeOption = Annotated[
    str,
    typer.Option(
        metavar="auto|N",
        help="Pictures of one size per pass; auto is 1 on a CPU and 8 on a GPU.",
        rich_help_panel=SPEED,
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Threads that read, and as many that write.",
        show_default="cores, 4 at most",
        envvar="LLE_WORKERS",
        rich_help_panel=SPEED,
    ),
]
TileOption = Annotated[
    str,
    typer.Option(
        metavar="auto|off|N",
        help="Side of the tiles that large photos are cut into; auto goes by memory.",
        rich_help_panel=SPEED,
    ),
]
TileOverlapOption = Annotated[
    int,
    typer.Option(min=0, help="Pixels over which tiles fade into each other.", rich_help_panel=SPEED),
]
RecursiveOption = Annotated[
    bool,
    typer.Option("--recursive/--no-recursive", help="Search folders in folders.", rich_help_panel=FILES),
]
FormatOption = Annotated[
    FormatChoice,
    typer.Option(
        "--format", "-f", help="Of the results; keep takes that of each input.", rich_help_panel=FILES
    ),
]
QualityOption = Annotated[int, typer.Option(min=1, max=100, help="Of JPEG and WebP.", rich_help_panel=FILES)]
OnExistOption = Annotated[
    OnExist, typer.Option(help="What to do about a result that is already there.", rich_help_panel=FILES)
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Print what would be done, and stop.", rich_help_panel=REPORT)
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object per event on stdout.", rich_help_panel=REPORT)
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print failures only.", rich_help_panel=REPORT)
]
FailEmptyOption = Annotated[
    bool, typer.Option("--fail-empty", help="Exit with 5 when no picture is found.", rich_help_panel=REPORT)
]


def format_name(choice: FormatChoice) -> str | None:
    """Name in ``FORMATS`` of a choice; None keeps the format of each input."""
    return choice.value if choice.value in FORMATS else None
