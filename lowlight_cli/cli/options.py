"""Options about models and speed that several commands share: parsers, help and completion."""

import os
import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli.cli.models import complete_model
from lowlight_cli.cli.param_types import check_devices, check_model
from lowlight_cli.pipeline.choices import Detail, Engine

_look = partial(typer.Option, rich_help_panel="Look")
_speed = partial(typer.Option, rich_help_panel="Speed and memory")
_many = partial(typer.Option, rich_help_panel="Many GPUs and machines")

SMALLEST_TILE_SIDE = 128


class Precision(StrEnum):
    """Number format inside a model."""

    AUTO = "auto"
    FP32 = "fp32"
    TF32 = "tf32"
    BF16 = "bf16"
    FP16 = "fp16"


def complete_preset(context: typer.Context, incomplete: str) -> list[str]:
    """Presets of the model given before, or of the default model."""
    from lowlight_cli.models.catalog import MODELS

    name = context.params.get("model") or "codeenhance"
    presets = MODELS[name].presets if name in MODELS else ()
    return [preset for preset in presets if preset.startswith(incomplete)]


def complete_device(incomplete: str) -> list[str]:
    """Devices of this machine; asking torch would take seconds."""
    return [name for name in ("auto", "cpu", *_gpus(Path("/dev"))) if name.startswith(incomplete)]


def complete_devices(incomplete: str) -> list[str]:
    """As ``complete_device``, and ``cuda:all`` if there are several GPUs."""
    names = complete_device("")
    names += ["cuda:all"] if "cuda:1" in names else []
    return [name for name in names if name.startswith(incomplete)]


def _gpus(nodes: Path) -> list[str]:
    """Names of the GPUs that have a device node; ``cuda`` alone if the system lists none that way.

    Args:
        nodes: Folder of device nodes.
    """
    if sys.platform != "linux":
        return ["cuda"]
    count = sum(node.name[len("nvidia") :].isdigit() for node in nodes.glob("nvidia*"))
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        count = min(count, sum(bool(name.strip()) for name in visible.split(",")))
    others = any((nodes / name).exists() for name in ("dxg", "kfd"))  # WSL, AMD
    return ["cuda", *(f"cuda:{number}" for number in range(count))] if count or others else []


def parse_batch_size(text: str) -> int | None:
    """Number of images, or None for ``auto``."""
    return None if text == "auto" else _whole_number(text, "auto", at_least=1)


def parse_tile(text: str) -> int | None:
    """Side of a tile in pixels, None for ``auto``, 0 for ``off``."""
    known = {"auto": None, "off": 0, "0": 0}
    return known[text] if text in known else _tile_side(text)


def _tile_side(text: str) -> int:
    return _whole_number(text, "auto, off", at_least=SMALLEST_TILE_SIDE)


def _whole_number(text: str, words: str, *, at_least: int) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < at_least:
        raise typer.BadParameter(f"'{text}' is not {words} or a whole number of at least {at_least}")
    return int(text)


ModelOption = Annotated[
    str,
    _look(
        "--model",
        "-m",
        metavar="NAME",
        help="Model; see `lle models list`.",
        autocompletion=complete_model,
        envvar="LLE_MODEL",
        callback=check_model,
    ),
]
PresetOption = Annotated[
    str | None,
    _look(
        metavar="NAME",
        help="Model size.",
        autocompletion=complete_preset,
        show_default="lite, for codeenhance",
    ),
]
CheckpointOption = Annotated[
    Path | None,
    _look(help="Weights file to use instead of the shipped weights.", metavar="FILE"),
]
ContrastOption = Annotated[
    float, _look(min=0, max=2, help="Contrast: 0 adds none, 1 is normal, 2 is strongest.", metavar="N")
]
BrightnessOption = Annotated[
    float, _look(min=0, max=2, help="Brightness: 0 adds none, 1 is normal, 2 is brightest.", metavar="N")
]
TextureOption = Annotated[
    float, _look(min=0, max=2, help="Fine detail: 0 adds none, 1 is normal, 2 is most.", metavar="N")
]
StrengthOption = Annotated[
    float,
    _look(min=0, max=1, help="Blend: 0 keeps the original, 1 is the full effect.", metavar="N"),
]
ReferenceOption = Annotated[
    Path | None,
    _look(help="Well-lit image whose look is copied.", metavar="FILE"),
]
TemperatureOption = Annotated[
    float,
    _look(
        min=0, max=1, help="Sampling temperature (GLARE with a flow only); 0 is deterministic.", metavar="N"
    ),
]
DeblurOption = Annotated[
    bool,
    _look(
        "--deblur",
        help="Also remove the blur of a shaken camera from photos that show it; slow. Sharp photos come out "
        "as without it.",
    ),
]
SeedOption = Annotated[int, _look(min=0, help="Random seed.", metavar="N")]
SaveDegradationOption = Annotated[
    bool,
    _look(
        "--save-degradation",
        help="Also write the degradation that was removed, and the base it left (DRGN only).",
    ),
]
DeviceOption = Annotated[
    str,
    _speed(
        metavar="DEVICE",
        help="auto, cpu, cuda, cuda:N, xpu, xpu:N or mps; auto uses the first CUDA GPU, if there is one.",
        autocompletion=complete_device,
        envvar="LLE_DEVICE",
        callback=check_devices,
    ),
]
DevicesOption = Annotated[
    str,
    _speed(
        metavar="DEVICE",
        help="auto, cpu, cuda, cuda:N, xpu, xpu:N or mps; auto uses the first CUDA GPU, if there is one. "
        "cuda:all and lists of one kind, such as cuda:0,cuda:2, use a process for each device; one that is "
        "named twice gets two.",
        autocompletion=complete_devices,
        envvar="LLE_DEVICE",
        callback=check_devices,
    ),
]
DetailOption = Annotated[
    Detail,
    _speed(
        help="full enhances every pixel. fast enhances large images at about a third of their width and "
        "height, or at 1.5 megapixels if that is more, and carries the result to full size, several times "
        "faster. auto is fast above 6 megapixels.",
    ),
]
PrecisionOption = Annotated[
    Precision,
    _speed(
        help="Number format inside the model. auto uses a 16-bit format where it is faster and gives "
        "nearly the same image, otherwise fp32. tf32 needs CUDA.",
        envvar="LLE_PRECISION",
    ),
]
BatchSizeOption = Annotated[
    int | None,
    _speed(
        metavar="auto|N",
        parser=parse_batch_size,
        show_default="auto",
        help="Images per batch on a GPU; auto is up to 64, by size. A CPU always uses 1, so that results do "
        "not depend on it.",
    ),
]
WorkersOption = Annotated[
    int | None,
    _speed(
        min=1,
        metavar="N",
        help="Threads that read files; twice as many write.",
        show_default="number of processors, at most 8",
        envvar="LLE_WORKERS",
    ),
]
TileOption = Annotated[
    int | None,
    _speed(
        metavar="auto|off|N",
        parser=parse_tile,
        show_default="auto",
        help="Tile size in pixels for large images; auto chooses by memory.",
    ),
]
TileOverlapOption = Annotated[
    int,
    _speed(min=0, help="Pixels that neighboring tiles share; 128 at least with vqcnir.", metavar="N"),
]
EngineOption = Annotated[
    Engine,
    _many(
        help="What runs the model: this program (inline), or workers of Ray (ray), also on other machines. "
        "ray needs the extra ray.",
        envvar="LLE_ENGINE",
    ),
]
RayAddressOption = Annotated[
    str | None,
    _many(
        metavar="ADDRESS",
        help="Ray cluster to use, as host:port or auto.",
        show_default="start Ray on this machine",
        envvar="RAY_ADDRESS",
    ),
]
RayWorkersOption = Annotated[
    int | None,
    _many(
        min=1,
        metavar="N",
        help="Workers of Ray.",
        show_default="one for each GPU, or for each machine without GPUs",
    ),
]
WorkersPerGpuOption = Annotated[int, _many(min=1, metavar="N", help="Workers of Ray that share a GPU.")]
