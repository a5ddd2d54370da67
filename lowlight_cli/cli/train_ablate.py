"""``lle train ablate``: what each part of a model is good for, at a small budget."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lowlight_cli.cli.global_options import GlobalSettings, settings_of
from lowlight_cli.cli.progress import say
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import print_table, table
from lowlight_cli.cli.train_options import FOR_SINGLE_RECIPES, Shared
from lowlight_cli.cli.train_progress import TrainingProgress
from lowlight_cli.cli.train_run import chosen_recipe, ready
from lowlight_cli.cli.train_sources import PairsOption, SemanticOption, VqganOption
from lowlight_cli.errors import UsageError
from lowlight_cli.training.ablation import (
    ABLATIONS,
    Row,
    Variant,
    as_document,
    document_text,
    markdown,
    reading,
    table_lines,
    terms,
)
from lowlight_cli.training.catalog import RECIPES

if TYPE_CHECKING:
    from lowlight_cli.training.config import Recipe, RunSettings


def _complete_recipe(incomplete: str) -> list[str]:
    return [name for name in ABLATIONS if name.startswith(incomplete)]


def _complete_row(incomplete: str) -> list[str]:
    names = (name for rows in ABLATIONS.values() for name in rows)
    return [name for name in names if name.startswith(incomplete)]


def ablate(
    shared: Shared,
    recipe: Annotated[str, typer.Argument(help="What to ablate.", autocompletion=_complete_recipe)],
    pairs: PairsOption = None,
    vqgan: VqganOption = None,
    semantic: SemanticOption = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Only this row; may be given again.", autocompletion=_complete_row, metavar="ROW"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Train the whole model and one without each part, and compare them on held-out pairs.

    Each row is a run folder below --out; --limit-minutes is for all rows together. The same command goes on
    where it stopped. The table is written to --out as ablation.md and ablation.json after each row.

    Example:  lle train ablate codeenhance --data photos --pairs pairs --max-steps 200 --out runs/ablation
    """
    variants = ABLATIONS[recipe]
    chosen = [variants[name] for name in only] if only else list(variants.values())
    if any(shared.values[name] for name in FOR_SINGLE_RECIPES):
        raise UsageError("--dry-run, --rehearse and --print-config are for single recipes")
    own = {"data.pairs": pairs, "vqgan": vqgan, "semantic": semantic}
    settings = ready(recipe, chosen_recipe(recipe, shared, own, recipe))
    if settings.run.schedule == "clock":
        raise UsageError("run.schedule=clock is for single recipes: rows have to have the same steps")
    if not settings.data.pairs:
        raise UsageError("the rows are judged by held-out pairs: give --pairs FOLDER")
    told = settings_of(shared.context)
    grid = Grid(recipe, settings, shared.values["out"], told)
    grid.train(chosen)
    rows = grid.write()
    if rows and as_json:
        emit(document_text(as_document(rows, settings, name=recipe)).rstrip())
    elif rows and not told.quiet:
        head, *cells = table_lines(rows)
        print_table(table(head, cells, numbers=head[2:]), color=told.color)
        emit(f"{terms(settings)}\n{reading(rows)}")
    missing = [variant.name for variant in chosen if variant.name not in {row.name for row in rows}]
    if missing:
        say(f"not finished: {', '.join(missing)}; the same command goes on", quiet=told.quiet)


class Grid:
    """The rows of an ablation, each in a run folder of its own.

    Args:
        name: Of the recipe.
        settings: Of the whole model.
        out: Folder of the run folders and of the table.
        told: Global options.
    """

    def __init__(self, name: str, settings: "Recipe", out: Path, told: GlobalSettings) -> None:
        self._name = name
        self._settings = settings
        self._out = out
        self._told = told

    def train(self, variants: Sequence[Variant]) -> None:
        """Trains what is not finished, one row after the other, until the time is over.

        Raises:
            UsageError: A row was begun with other settings.
            typer.Exit: A signal came; all is saved.
        """
        from lowlight_cli.training.ablation_run import check_same, found_row

        for variant in variants:
            check_same(self._recipe(variant), self._out / variant.name)
        begin = time.monotonic()
        for variant in variants:
            recipe = self._recipe(variant)
            if found_row(recipe, variant, self._out / variant.name) is None:
                limit = recipe.run.limit_minutes
                left = None if limit is None else limit - (time.monotonic() - begin) / 60
                if left is not None and left <= 0:
                    return
                self._train(variant, recipe.model_copy(update={"run": _for(recipe, left)}))
                self.write()

    def write(self) -> list[Row]:
        """Writes the table of all finished rows, and gives them."""
        from lowlight_cli.training.ablation_run import found_row
        from lowlight_cli.training.run_files import write_whole

        variants = ABLATIONS[self._name].values()
        found = [found_row(self._recipe(v), v, self._out / v.name) for v in variants]
        rows = [row for row in found if row is not None]
        if rows:
            page = markdown(rows, self._settings, name=self._name)
            document = document_text(as_document(rows, self._settings, name=self._name))
            write_whole(self._out / "ablation.md", page.encode())
            write_whole(self._out / "ablation.json", document.encode())
        return rows

    def _recipe(self, variant: Variant) -> "Recipe":
        from lowlight_cli.training.ablation_run import varied

        return varied(self._settings, variant)

    def _train(self, variant: Variant, recipe: "Recipe") -> None:
        from lowlight_cli.device import choose_device
        from lowlight_cli.pipeline.signals import SIGNAL_BASE, Stopped
        from lowlight_cli.training.ablation_run import train_row

        device = choose_device(recipe.run.device)
        train = RECIPES[self._name].run()
        say(f"row {variant.name}: {variant.says}", quiet=self._told.quiet)
        with TrainingProgress(self._told) as progress:
            try:
                run = train_row(recipe, self._out / variant.name, train, progress.say, progress.watch, device)
            except Stopped as stop:
                raise typer.Exit(SIGNAL_BASE + stop.number) from None
        if run.run_state.ending == "signal":
            self.write()
            say("stopped by a signal; all is saved, and the same command goes on", quiet=self._told.quiet)
            raise typer.Exit(SIGNAL_BASE + (run.stop.number or 0))


def _for(recipe: "Recipe", minutes: float | None) -> "RunSettings":
    return recipe.run.model_copy(update={"limit_minutes": minutes})
