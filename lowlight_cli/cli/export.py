"""``lle export``: writes a model as a graph for other programs."""

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
    """Format of a graph."""

    ONNX = "onnx"
    PT2 = "pt2"


def export(
    context: typer.Context,
    name: NameArgument,
    form: Annotated[Form, typer.Option("--format", "-f", help="ONNX, or PT2 for torch.export.load.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Output file.", dir_okay=False)],
    preset: Annotated[
        str | None,
        typer.Option(
            help="Preset of the model.", autocompletion=complete_preset, show_default="that of the model"
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            "--weights", "--checkpoint", help="Weights in place of the shipped ones.", metavar="FILE"
        ),
    ] = None,
    contrast: ContrastOption = 1.0,
    brightness: BrightnessOption = 1.0,
    texture: TextureOption = 1.0,
    tiles: Annotated[
        bool,
        typer.Option(
            "--tiles", help="Make a graph of tiles, with a smaller copy of the whole image as input."
        ),
    ] = False,
    as_json_: JsonOption = False,
) -> None:
    """Export a model as ONNX or PT2.

    The graph takes any batch of whole images, or of tiles with --tiles, whose sides are multiples of the
    number printed. Controls are fixed in it. It is compared with the model on two sizes before it is written.
    Reading files, metadata and references are left to the program that runs it.

    Exit codes: 1 the graph differs or cannot be made, 6 weights missing, 7 extra `export` not installed.

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
    emit(done.path)
    sizes = " and ".join(f"{batch}x3x{height}x{width}" for batch, height, width in done.compared)
    say(
        f"sides: multiples of {done.size_multiple}, at least {done.smallest_side}; "
        f"differs by {done.difference:.1g} from the model on {sizes}",
        quiet=settings_of(context).quiet,
    )
