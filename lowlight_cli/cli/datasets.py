"""``lle datasets``: lists, describes and checks datasets, and makes training pairs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.cli.progress import say, shown
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.synthesize import synthesize
from lowlight_cli.cli.tables import aligned, as_json, print_table, table
from lowlight_cli.datasets.catalog import DATASETS, find_dataset
from lowlight_cli.datasets.locate import Located, data_roots, expected_trees, locate, other_homes
from lowlight_cli.errors import UsageError, WeightsError

if TYPE_CHECKING:
    from lowlight_cli.datasets.check import Condition
    from lowlight_cli.datasets.layouts import DatasetEntry

app = typer.Typer(
    help="List and check datasets, and make training pairs.",
    no_args_is_help=True,
)
app.command("synthesize", short_help="Make night-time training pairs from clean photos.")(synthesize)

UNFIT = 3
"""Exit code of a check that found problems."""


def complete_dataset(incomplete: str) -> list[str]:
    """Names of datasets that start with ``incomplete``."""
    return [name for name in DATASETS if name.casefold().startswith(incomplete.casefold())]


def complete_split(context: typer.Context, incomplete: str) -> list[str]:
    """Splits of the dataset given before, or of all datasets, that start with ``incomplete``."""
    name = str(context.params.get("name") or context.params.get("dataset") or "")
    entries = [DATASETS[name]] if name in DATASETS else list(DATASETS.values())
    splits = dict.fromkeys(split for entry in entries for split in entry.splits)
    return [split for split in splits if split.startswith(incomplete)]


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SplitOption = Annotated[
    str | None,
    typer.Option(
        help="Split of the dataset.", autocompletion=complete_split, show_default="the one for evaluation"
    ),
]
DataRootOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Folder to search for datasets.", show_default="LLE_DATA_ROOT, then ./datasets"
    ),
]


@app.command("list", short_help="List datasets, and where they are.")
def list_datasets(data_root: DataRootOption = None, as_json_: JsonOption = False) -> None:
    """List known datasets, and where they are on this machine.

    Example:  lle datasets list
    """
    here = {name: _find(entry, data_root) for name, entry in DATASETS.items()}
    if as_json_:
        emit(as_json([_facts(entry) | {"path": here[entry.name]} for entry in DATASETS.values()]))
        return
    from lowlight_cli.cli.table_layout import Column, Kind

    columns = ("name", Column("kind", rank=1), Column("images", Kind.NUMBER), Column("folder", Kind.NAME))
    rows = [
        (entry.name, "pairs" if entry.paired else "no reference", _count(entry), here[name] or "-")
        for name, entry in DATASETS.items()
    ]
    print_table(table(columns, rows), framed=False)


@app.command("info", short_help="Print source, license, splits and folders.")
def show_dataset(
    name: Annotated[str, typer.Argument(help="Name of the dataset.", autocompletion=complete_dataset)],
    as_json_: JsonOption = False,
) -> None:
    """Print source, licence, splits and folders of a dataset.

    Example:  lle datasets info LOLv2-real
    """
    entry = find_dataset(name)
    if as_json_:
        emit(as_json(_facts(entry)))
        return
    head = [
        ("dataset", entry.name),
        ("summary", entry.summary),
        ("paper", entry.paper),
        ("get it from", entry.home),
        ("licence", entry.licence),
        *([("note", entry.note)] if entry.note else []),
    ]
    lines = [aligned(head), "folders below a data root"]
    for split in entry.splits:
        lines += [f"  {split}", *(f"    {tree}" for tree in expected_trees(entry, split))]
    lines += [f"  {other_homes(entry)}"] if other_homes(entry) else []
    emit("\n".join(lines))


@app.command("check")
def check_dataset(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="Name of the dataset.", autocompletion=complete_dataset)
    ] = None,
    split: SplitOption = None,
    data_root: DataRootOption = None,
    low: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of dark images, in place of a dataset name.")
    ] = None,
    gt: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of their references, with --low.")
    ] = None,
    as_json_: JsonOption = False,
) -> None:
    """Check a dataset by reading every image.

    Missing partners, partners of different size and unreadable files are problems. Duplicate files, and a
    number of images other than the official one, are warnings.

    Exit codes: 0 no problems, 2 usage, 3 problems found, 6 dataset not found.

    Example:  lle datasets check LOL --data-root ~/data
    """
    if (name is None) == (low is None):
        raise UsageError("give either the name of a dataset or a folder with --low")
    place = None if name is None else locate(find_dataset(name), split, data_roots(data_root))
    from lowlight_cli.datasets.check import check_folders

    if place is not None:
        condition = check_folders(place.low, place.high, ignored=place.ignored)
    else:
        condition = check_folders(low or Path(), gt)
    emit(as_json(condition) if as_json_ else _text(place, condition))
    _tell(place, condition, quiet=settings_of(context).quiet)
    raise typer.Exit(UNFIT if condition.problems else 0)


def _find(entry: "DatasetEntry", data_root: Path | None) -> str | None:
    try:
        return str(locate(entry, None, data_roots(data_root)).low)
    except WeightsError:
        return None


def _facts(entry: "DatasetEntry") -> dict[str, object]:
    return {
        "name": entry.name,
        "summary": entry.summary,
        "paired": entry.paired,
        "paper": entry.paper,
        "home": entry.home,
        "licence": entry.licence,
        "note": entry.note,
        "aliases": list(entry.aliases),
        "splits": {
            name: {"sizes": list(split.sizes), "layouts": expected_trees(entry, name)}
            for name, split in entry.splits.items()
        },
    }


def _count(entry: "DatasetEntry") -> str:
    sizes = entry.splits[entry.default_split].sizes
    return " or ".join(map(str, sizes)) if sizes else "not fixed"


def _text(place: Located | None, condition: "Condition") -> str:
    sizes = ", ".join(f"{count} of {size}" for size, count in list(condition.sizes.items())[:3])
    more = f" and {len(condition.sizes) - 3} more sizes" if len(condition.sizes) > 3 else ""
    rows = [
        *([("dataset", f"{place.entry.name} ({place.split})")] if place else []),
        *([("dark", str(place.low)), ("references", str(place.high or "none"))] if place else []),
        ("images", condition.pictures),
        *([("references", condition.references)] if condition.references else []),
        ("usable", condition.pairs),
        ("sizes", (sizes or "-") + more),
        ("problems", len(condition.problems)),
        ("duplicates", len(condition.repeats)),
    ]
    return aligned([(key, str(value)) for key, value in rows])


def _tell(place: Located | None, condition: "Condition", *, quiet: bool) -> None:
    from lowlight_cli.datasets.check import count_note

    for problem in condition.problems:
        say(f"{problem.code}  {shown(problem.path)}  {problem.message}")
    for repeat in condition.repeats:
        say(f"lle: warning: {shown(repeat.path)} {repeat.message}", quiet=quiet)
    note = place and count_note(place.entry.splits[place.split], condition.pictures)
    if note:
        say(f"lle: warning: {note}", quiet=quiet)
