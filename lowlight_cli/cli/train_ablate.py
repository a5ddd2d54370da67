"""``lle train ablate``: compares a model with variants that lack one part each."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lowlight_cli.cli.global_options import GlobalSettings, settings_of
from lowlight_cli.cli.progress import say
from lowlight_cli.cli.recipe_options import (
    GtOption,
    LowOption,
    PairsOption,
    SemanticOption,
    VqganOption,
    with_recipe_options,
)
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import print_table, table
from lowlight_cli.cli.train_progress import TrainingProgress
from lowlight_cli.cli.train_request import TrainingRequest
from lowlight_cli.cli.train_run import chosen_recipe, ready, run_folder_of
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
from lowlight_cli.training.ablation_seeds import SeedRun, averaged, seed_runs
from lowlight_cli.training.catalog import RECIPES

if TYPE_CHECKING:
    from lowlight_cli.cli.table_layout import Column
    from lowlight_cli.training.config import Recipe, RunSettings

MOST_SEEDS = 20


def _complete_recipe(incomplete: str) -> list[str]:
    return [name for name in ABLATIONS if name.startswith(incomplete)]


def _complete_row(incomplete: str) -> list[str]:
    names = dict.fromkeys(name for rows in ABLATIONS.values() for name in rows)
    return [name for name in names if name.startswith(incomplete)]


def ablate(
    request: TrainingRequest,
    recipe: Annotated[str, typer.Argument(help="Recipe to ablate.", autocompletion=_complete_recipe)],
    pairs: PairsOption = None,
    low: LowOption = None,
    gt: GtOption = None,
    vqgan: VqganOption = None,
    semantic: SemanticOption = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Train only this row; repeatable.", autocompletion=_complete_row, metavar="ROW"),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            help="Train each row with this many seeds, and show means and deviations.",
            min=1,
            max=MOST_SEEDS,
            metavar="N",
        ),
    ] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Compare a model with variants that lack one part.

    Trains the whole model and each variant, and scores them on validation pairs.

    Each row is a run folder inside --out; --limit-minutes applies to all rows together. Run the same command
    again to resume. The table is written to --out as ablation.md and ablation.json after each row.

    \b
    Example:
      lle train ablate codeenhance --data photos --pairs pairs --max-steps 200 --out runs/ablation
    """  # noqa: D301 - \b keeps the lines of the example
    variants = ABLATIONS[recipe]
    chosen = [variants[name] for name in only] if only else list(variants.values())
    out = run_folder_of(request)
    request = with_recipe_options(request, pairs=pairs, low=low, gt=gt, vqgan=vqgan, semantic=semantic)
    settings = ready(recipe, chosen_recipe(recipe, request, recipe), out)
    if settings.run.schedule == "clock":
        raise UsageError("run.schedule=clock does not apply to ablate: all rows take the same steps")
    if not settings.data.pairs:
        raise UsageError("the rows are compared on validation pairs: add --pairs FOLDER")
    options = settings_of(request.context)
    grid = Grid(recipe, settings, out, options, seeds)
    grid.train(chosen)
    rows = grid.write()
    if rows and as_json:
        emit(document_text(as_document(rows, settings, name=recipe)).rstrip())
    elif rows:
        head, *cells = table_lines(rows)
        print_table(table(table_columns(head), cells), color=options.color)
        emit(f"{terms(settings, rows)}\n{reading(rows)}")
    missing = grid.missing(chosen)
    if missing:
        say(f"not finished: {', '.join(missing)}; run the same command to resume", quiet=options.quiet)


def table_columns(heads: Sequence[str]) -> list["Column"]:
    """Columns of the table; a narrow window leaves out the counts of parameters first."""
    from lowlight_cli.cli.table_layout import Column, Kind

    row, variant, *numbers = heads
    ranks = {"parameters": 2, "trained": 2, variant: 1}
    described = [Column(head, Kind.NUMBER, ranks.get(head, 0)) for head in numbers]
    return [Column(row, Kind.NAME), Column(variant, rank=ranks[variant]), *described]


class Grid:
    """The rows of an ablation, each with its own run folder.

    Args:
        name: Name of the recipe.
        settings: Settings of the whole model.
        out: Folder of the run folders and of the table.
        options: Global options.
        seeds: Number of runs of each row, with a seed each.
    """

    def __init__(
        self, name: str, settings: "Recipe", out: Path, options: GlobalSettings, seeds: int = 1
    ) -> None:
        from lowlight_cli.training.settings import with_recorded_split

        self._name = name
        for folder in sorted(out.glob("*")):
            settings = with_recorded_split(settings, folder)
        self._settings = settings
        self._out = out
        self._options = options
        self._seeds = seeds

    def train(self, variants: Sequence[Variant]) -> None:
        """Trains unfinished rows one after the other until the time limit.

        Raises:
            UsageError: A row was started with other settings.
            typer.Exit: A signal came; everything is saved.
        """
        from lowlight_cli.training.ablation_run import check_same

        runs = self._runs(variants)
        for run in runs:
            check_same(self._recipe(run), self._out / run.folder)
        begin = time.monotonic()
        for run in runs:
            if self._found(run) is None:
                recipe = self._recipe(run)
                limit = recipe.run.limit_minutes
                left = None if limit is None else limit - (time.monotonic() - begin) / 60
                if left is not None and left <= 0:
                    return
                self._train(run, recipe.model_copy(update={"run": _for(recipe, left)}))
                self.write()

    def write(self) -> list[Row]:
        """Writes the table of all finished rows, and returns the rows."""
        from lowlight_cli.training.run_files import write_whole

        rows = averaged(self._results())
        if rows:
            page = markdown(rows, self._settings, name=self._name)
            document = document_text(as_document(rows, self._settings, name=self._name))
            write_whole(self._out / "ablation.md", page.encode())
            write_whole(self._out / "ablation.json", document.encode())
        return rows

    def missing(self, variants: Sequence[Variant]) -> list[str]:
        """Names of the folders of unfinished runs."""
        return [run.folder for run in self._runs(variants) if self._found(run) is None]

    def _runs(self, variants: Sequence[Variant]) -> list[SeedRun]:
        return list(seed_runs(variants, self._settings.run.seed, self._seeds))

    def _results(self) -> dict[str, dict[int, Row]]:
        found: dict[str, dict[int, Row]] = {}
        for run in self._runs(list(ABLATIONS[self._name].values())):
            row = self._found(run)
            if row is not None:
                found.setdefault(run.variant.name, {})[run.seed] = row
        return found

    def _found(self, run: SeedRun) -> Row | None:
        from lowlight_cli.training.ablation_run import found_row

        return found_row(self._recipe(run), run.variant, self._out / run.folder)

    def _recipe(self, run: SeedRun) -> "Recipe":
        from lowlight_cli.training.ablation_run import varied

        recipe = varied(self._settings, run.variant)
        return recipe.model_copy(update={"run": recipe.run.model_copy(update={"seed": run.seed})})

    def _train(self, run: SeedRun, recipe: "Recipe") -> None:
        from lowlight_cli.device import choose_training_device
        from lowlight_cli.pipeline.signals import SIGNAL_BASE, Stopped
        from lowlight_cli.training.ablation_run import train_row

        device = choose_training_device(recipe.run.device)
        train = RECIPES[self._name].run()
        seed = f", seed {run.seed}" if self._seeds > 1 else ""
        say(f"row {run.variant.name}{seed}: {run.variant.summary}", quiet=self._options.quiet)
        with TrainingProgress(self._options) as progress:
            try:
                done = train_row(recipe, self._out / run.folder, train, progress.say, progress.draw, device)
            except Stopped as stop:
                raise typer.Exit(SIGNAL_BASE + stop.number) from None
        if done.run_state.ending == "signal":
            self.write()
            say(
                "stopped; progress saved. Run the same command to resume",
                quiet=self._options.quiet,
            )
            raise typer.Exit(SIGNAL_BASE + (done.stop.number or 0))


def _for(recipe: "Recipe", minutes: float | None) -> "RunSettings":
    return recipe.run.model_copy(update={"limit_minutes": minutes})
