"""``lle export``: writes a model as a graph for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.cli.models import JsonOption, NameArgument, complete_preset
from lowlight_cli.cli.options import BrightnessOption, CheckpointOption, ContrastOption, TextureOption
from lowlight_cli.cli.progress import say
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import as_json
from lowlight_cli.errors import UsageError
from lowlight_cli.models.catalog import MODELS


class Form(StrEnum):
    """Format of a graph; the value is also the extension of its files."""

    ONNX = "onnx"
    PT2 = "pt2"


def export(
    context: typer.Context,
    name: NameArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Output file, .onnx or .pt2.", dir_okay=False)
    ],
    form: Annotated[
        Form | None,
        typer.Option(
            "--format",
            "-f",
            help="ONNX, or PT2 for torch.export.load.",
            show_default="by the extension of --out",
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help="Preset of the model.", autocompletion=complete_preset, show_default="that of the model"
        ),
    ] = None,
    checkpoint: CheckpointOption = None,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="Earlier name of --checkpoint.", metavar="FILE", hidden=True),
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

    Example:  lle export codeenhance --out codeenhance.onnx
    """
    # Unknown names are refused before torch is imported.
    entry = MODELS[name]
    size = preset or entry.default_preset
    _ = entry.presets[size]
    format_name = form.value if form else _format_of(out)
    from lowlight_cli.checkpoints.export import check_libraries, export_enhancer
    from lowlight_cli.checkpoints.load import load_enhancer
    from lowlight_cli.models.controls import Controls

    check_libraries(format_name)
    file = checkpoint or weights
    model = load_enhancer(name, preset=preset, checkpoint=file)
    quiet = settings_of(context).quiet
    say(f"exporting {name} ({size}) as {format_name}; this may take a minute", quiet=quiet)
    controls = Controls(contrast=contrast, brightness=brightness, texture=texture)
    facts = {"model": name, "preset": size, "weights": None if file is None else file.name}
    done = export_enhancer(model, controls, format_name, out, facts, takes_tiles=tiles)
    if as_json_:
        emit(as_json(done))
        return
    emit(done.path)
    sizes = " and ".join(f"{batch}x3x{height}x{width}" for batch, height, width in done.compared)
    say(
        f"sides: multiples of {done.size_multiple}, at least {done.smallest_side}; "
        f"differs by {done.difference:.1g} from the model on {sizes}",
        quiet=quiet,
    )


def _format_of(out: Path) -> Literal["onnx", "pt2"]:
    """Format of a file by its extension.

    Raises:
        UsageError: It has another one.
    """
    try:
        return Form(out.suffix.lower().removeprefix(".")).value
    except ValueError:
        raise UsageError(f"cannot tell the format of '{out}'; use .onnx or .pt2, or add --format") from None
