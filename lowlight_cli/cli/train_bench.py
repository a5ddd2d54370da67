"""``lle train bench``: measures how fast a recipe trains on this machine."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from lowlight_cli.cli.recipe_options import (
    GtOption,
    LabelRootOption,
    LabelsOption,
    LowOption,
    PairsOption,
    SemanticOption,
    StartOption,
    VqganOption,
    with_recipe_options,
)
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import aligned, as_json
from lowlight_cli.cli.train_options import LENGTH
from lowlight_cli.cli.train_request import Given, TrainingRequest
from lowlight_cli.cli.train_run import chosen_recipe, ready
from lowlight_cli.counted import counted
from lowlight_cli.training.catalog import RECIPES

if TYPE_CHECKING:
    from lowlight_cli.training.bench import Speed


def _complete_recipe(incomplete: str) -> list[str]:
    return [name for name in RECIPES if name.startswith(incomplete)]


def bench(
    request: TrainingRequest,
    recipe: Annotated[str, typer.Argument(help="Recipe to measure.", autocompletion=_complete_recipe)],
    steps: Annotated[
        int, typer.Option("--steps", min=2, help="Steps to measure.", metavar="N", rich_help_panel=LENGTH)
    ] = 20,
    warmup: Annotated[
        int, typer.Option(min=1, help="Steps before them.", metavar="N", rich_help_panel=LENGTH)
    ] = 3,
    pairs: PairsOption = None,
    low: LowOption = None,
    gt: GtOption = None,
    labels: LabelsOption = None,
    label_root: LabelRootOption = None,
    vqgan: VqganOption = None,
    semantic: SemanticOption = None,
    start: StartOption = None,
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure the training speed of a recipe.

    Runs without validation and checkpoints, and keeps nothing.

    \b
    Example:
      lle train bench codeenhance --data photos --pairs pairs --steps 30
    """  # noqa: D301 - \b keeps the lines of the example
    entry = RECIPES[recipe]
    typical = tuple(Given(*setting) for setting in entry.typical.items())
    request = with_recipe_options(
        replace(request, given=(*typical, *request.given)),
        pairs=pairs, low=low, gt=gt, labels=labels, label_root=label_root,
        vqgan=vqgan, semantic=semantic, start=start,
    )  # fmt: skip
    from lowlight_cli.training.bench import measure

    settings = ready(recipe, chosen_recipe(recipe, request, recipe))
    from lowlight_cli.device import choose_training_device
    from lowlight_cli.pipeline.signals import SIGNAL_BASE, Stopped

    device = choose_training_device(settings.run.device)
    try:
        speed = measure(recipe, settings, entry.run(), device, warmup=warmup, steps=steps)
    except Stopped as stop:
        raise typer.Exit(SIGNAL_BASE + stop.number) from None
    if as_json_:
        emit(as_json(speed))
    else:
        emit(_text(speed))


def _text(speed: "Speed") -> str:
    first, third = speed.step_seconds_quartiles
    rows = [
        ("recipe", f"{speed.recipe}, {counted(speed.batch_size, 'crop')} of {speed.crop} pixels"),
        ("device", f" {speed.device} in {speed.precision}, {counted(speed.threads, 'thread')}"),
        ("measured", f"{counted(speed.steps, 'step')} after {speed.warmup}"),
        ("steps per second", f"{speed.steps_per_second:.3g}"),
        ("images per second", f"{speed.images_per_second:.3g}"),
        ("seconds per step", f"{speed.step_seconds:.3g}, half of them {first:.3g} to {third:.3g}"),
        ("waiting for data", f"{100 * speed.data_wait:.1f} %"),
    ]
    if speed.memory_mb is not None:
        rows.append(("peak memory", f"{speed.memory_mb:,.0f} MiB"))
    return aligned(rows)
