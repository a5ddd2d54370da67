"""``lle export``: a model as a graph for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.cli.models import JsonOption, NameArgument, complete_preset
from lowlight_cli.cli.options import BrightnessOption, ContrastOption, TextureOption
from lowlight_cli.cli.progress import say
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import as_json
from lowlight_cli.models.catalog import MODELS


class Form(StrEnum):
    """What a graph can be written as."""

    ONNX = "onnx"
    PT2 = "pt2"


def export(
    context: typer.Context,
    name: NameArgument,
    form: Annotated[Form, typer.Option("--format", "-f", help="ONNX, or what torch.export.load reads.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write.", dir_okay=False)],
    preset: Annotated[
        str | None,
        typer.Option(help="Size of the model; its default if not given.", autocompletion=complete_preset),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            "--weights", "--checkpoint", help="Weights in place of those that ship.", metavar="FILE"
        ),
    ] = None,
    contrast: ContrastOption = 1.0,
    brightness: BrightnessOption = 1.0,
    texture: TextureOption = 1.0,
    tiles: Annotated[
        bool,
        typer.Option("--tiles", help="Take tiles of large photos, beside the whole photo, made smaller."),
    ] = False,
    as_json_: JsonOption = False,
) -> None:
    """Write a model as ONNX or PT2, for any batch, and any sides that are multiples of what it asks for.

    The file is compared with the model on two sizes before it gets its name. Controls are fixed in it, and it
    takes whole pictures, or with --tiles parts of them. References, metadata and files are for the program
    around it.

    Exit codes: 1 the graph differs or cannot be made, 6 no weights, 7 the extra `export` is not installed.

    Example:  lle export codeenhance --format onnx --out codeenhance.onnx
    """
    # Unknown names are refused before torch is imported.
    entry = MODELS[name]
    size = preset or entry.default_preset
    _ = entry.presets[size]
    from lowlight_cli.checkpoints.export import check_libraries, export_enhancer
    from lowlight_cli.checkpoints.load import load_enhancer
    from lowlight_cli.models.controls import Controls

    check_libraries(form.value)
    model = load_enhancer(name, preset=preset, checkpoint=weights)
    controls = Controls(contrast=contrast, brightness=brightness, texture=texture)
    facts = {"model": name, "preset": size, "weights": None if weights is None else weights.name}
    done = export_enhancer(model, controls, form.value, out, facts, takes_tiles=tiles)
    if as_json_:
        emit(as_json(done))
        return
    quiet = settings_of(context).quiet
    if not quiet:
        emit(done.path)
    sizes = " and ".join(f"{batch}x3x{height}x{width}" for batch, height, width in done.compared)
    say(
        f"sides: multiples of {done.size_multiple}, from {done.smallest_side}; "
        f"differs by {done.difference:.1g} from the model on {sizes}",
        quiet=quiet,
    )
