"""``lle train bench``: how fast a recipe trains here."""

from typing import TYPE_CHECKING, Annotated

import typer

from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import aligned, as_json
from lowlight_cli.cli.train_options import FOR_SINGLE_RECIPES, LENGTH, Shared
from lowlight_cli.cli.train_run import chosen_recipe, ready
from lowlight_cli.cli.train_sources import (
    LabelRootOption,
    LabelsOption,
    PairsOption,
    SemanticOption,
    StartOption,
    VqganOption,
)
from lowlight_cli.errors import UsageError
from lowlight_cli.training.catalog import RECIPES

if TYPE_CHECKING:
    from lowlight_cli.training.bench import Speed


def _complete_recipe(incomplete: str) -> list[str]:
    return [name for name in RECIPES if name.startswith(incomplete)]


def bench(
    shared: Shared,
    recipe: Annotated[str, typer.Argument(help="What to train.", autocompletion=_complete_recipe)],
    steps: Annotated[
        int, typer.Option("--steps", min=2, help="Steps to measure.", rich_help_panel=LENGTH)
    ] = 20,
    warmup: Annotated[int, typer.Option(min=1, help="Steps before those.", rich_help_panel=LENGTH)] = 3,
    pairs: PairsOption = None,
    labels: LabelsOption = None,
    label_root: LabelRootOption = None,
    vqgan: VqganOption = None,
    semantic: SemanticOption = None,
    start: StartOption = None,
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure the steps of a recipe, without validation or checkpoint; nothing is kept.

    Example:  lle train bench codeenhance --data photos --pairs pairs --steps 30
    """
    entry = RECIPES[recipe]
    if any(shared.values[name] for name in FOR_SINGLE_RECIPES):
        raise UsageError("--dry-run, --rehearse and --print-config are for single recipes")
    own = {
        "data.pairs": pairs,
        "data.labels": labels,
        "data.label_root": label_root,
        "vqgan": vqgan,
        "semantic": semantic,
        "start": start,
    }
    from lowlight_cli.training.bench import USUAL_STEPS, measure

    given = {name: value for name, value in own.items() if value is not None}
    settings = ready(recipe, chosen_recipe(recipe, shared, {**USUAL_STEPS.get(recipe, {}), **given}, recipe))
    from lowlight_cli.device import choose_device
    from lowlight_cli.pipeline.signals import SIGNAL_BASE, Stopped

    device = choose_device(settings.run.device)
    try:
        speed = measure(recipe, settings, entry.run(), device, warmup=warmup, steps=steps)
    except Stopped as stop:
        raise typer.Exit(SIGNAL_BASE + stop.number) from None
    if as_json_:
        emit(as_json(speed))
    elif not settings_of(shared.context).quiet:
        emit(_text(speed))


def _text(speed: "Speed") -> str:
    first, third = speed.step_seconds_quartiles
    rows = [
        ("recipe", f"{speed.recipe}, {speed.batch_size} crops of {speed.crop} pixels"),
        ("computed", f"on {speed.device} in {speed.precision}, {speed.threads} threads"),
        ("measured", f"{speed.steps} steps after {speed.warmup}"),
        ("steps per second", f"{speed.steps_per_second:.3g}"),
        ("pictures per second", f"{speed.images_per_second:.3g}"),
        ("seconds per step", f"{speed.step_seconds:.3g}, half of them {first:.3g} to {third:.3g}"),
        ("waiting for data", f"{100 * speed.data_wait:.1f} %"),
    ]
    if speed.memory_mb is not None:
        rows.append(("most memory", f"{speed.memory_mb:,.0f} MiB"))
    return aligned(rows)
