"""``lle datasets synthesize``: makes training pairs from clean photos."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lowlight_cli.cli.global_options import GlobalSettings, settings_of
from lowlight_cli.cli.progress import Progress, say
from lowlight_cli.cli.reporter import emit
from lowlight_cli.counted import counted
from lowlight_cli.detection.choices import parse_strength
from lowlight_cli.detection.dark_book import DarkBook
from lowlight_cli.errors import ImageError, OutputError, UsageError
from lowlight_cli.images.replace import check_writable_folder
from lowlight_cli.pipeline.choices import DarkeningMethod
from lowlight_cli.pipeline.darkening import Darkening, make_darkening
from lowlight_cli.pipeline.lock import output_lock
from lowlight_cli.pipeline.report import ALL_FAILED, SOME_FAILED, Row
from lowlight_cli.pipeline.sources import images_in

if TYPE_CHECKING:
    from lowlight_cli.datasets.synthesize import Made, Order

SourceArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of clean, well-lit photos.")]
OutOption = Annotated[
    Path,
    typer.Option(
        "--out", "-o", metavar="DIR", help="Output folder; gets `low` and `high`, for `lle train --pairs`."
    ),
]
MethodOption = Annotated[
    DarkeningMethod,
    typer.Option(help="Darken by a measured camera model, or by the degradation that DRGN learned."),
]
StrengthOption = Annotated[
    str,
    typer.Option(
        metavar="LOW:HIGH", help="Range of darkness: 0 is unchanged, 1 as measured or learned, 2 the most."
    ),
]
CountOption = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Number of pairs.", show_default="one per photo"),
]
SeedOption = Annotated[int, typer.Option(metavar="N", min=0, help="Random seed.")]
LongestOption = Annotated[
    int,
    typer.Option(metavar="PIXELS", min=16, help="Longest side; larger photos are shrunk."),
]
NightsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Real dark images to take the degradation from (DRGN only).",
        show_default="the photos, darkened by the camera model",
    ),
]
UnevenOption = Annotated[
    float,
    typer.Option(
        metavar="FRACTION",
        min=0.0,
        max=1.0,
        help="Fraction of photos under uneven light: backlight, lamps, shade (physical only).",
    ),
]
CheckpointOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Weights in place of the shipped ones (DRGN only).")
]


def synthesize(
    context: typer.Context,
    source: SourceArgument,
    out: OutOption,
    method: MethodOption = DarkeningMethod.PHYSICAL,
    strength: StrengthOption = "0.8:1.2",
    count: CountOption = None,
    seed: SeedOption = 0,
    longest: LongestOption = 1000,
    nights: NightsOption = None,
    checkpoint: CheckpointOption = None,
    uneven: UnevenOption = 0.0,
) -> None:
    """Make training pairs from clean photos.

    A pair is a photo and a darkened copy, which depends only on the seed, the settings and the names. Pairs
    and settings are written to synthetic.json. Run the command again to resume after an interruption. Prints
    the output folder.

    Exit codes: 0 all done, 2 usage, 3 some photos failed, 4 all photos failed, 6 weights missing, 8 output
    not writable, 11 another run uses the output folder.

    Example:  lle datasets synthesize photos -o pairs --method drgn --strength 0.8:1.2
    """
    settings = settings_of(context)
    low, high = parse_strength(strength)
    photos = _photos(source, out)
    from lowlight_cli.datasets.synthesize import plan_pairs

    darkening = make_darkening(method, (low, high), seed, checkpoint=checkpoint, nights=nights, uneven=uneven)
    darkening.terms["longest"] = longest
    orders = plan_pairs(photos, source, count)
    check_writable_folder(out)
    with output_lock(out):
        made = _make_all(orders, out, darkening, settings)
    emit(out)
    say(f"{len(made)} of {counted(len(orders), 'pair')} complete", quiet=settings.quiet)
    if len(made) < len(orders):
        raise typer.Exit(SOME_FAILED if made else ALL_FAILED)


def _photos(source: Path, out: Path) -> list[Path]:
    """Photos in the folder.

    Raises:
        UsageError: There are none, or one folder is inside the other.
    """
    if not source.is_dir():
        raise UsageError(f"no such folder: '{source}'")
    if out.exists() and not out.is_dir():
        raise UsageError(f"'{out}' is a file; choose a folder for the output")
    inner, outer = out.resolve(), source.resolve()
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise UsageError(f"output '{out}' and input '{source}' overlap; choose separate folders")
    return images_in(source)


def _make_all(
    orders: "list[Order]", out: Path, darkening: Darkening, settings: GlobalSettings
) -> "list[Made]":
    """Makes the pairs that do not exist yet, and writes the manifest.

    Raises:
        UsageError: A file exists that this command did not write.
        OutputError: A file cannot be written.
    """
    import json

    from lowlight_cli.datasets.synthesize import write_manifest

    book = DarkBook(out, json.dumps(darkening.terms, sort_keys=True))
    taken = [file for order in orders for file in order.files(out) if file.exists()]
    if taken and book.is_empty:
        raise UsageError(f"'{taken[0]}' exists and was not made by this command; choose another folder")
    made: list[Made] = []
    try:
        with Progress(len(orders), settings) as progress:
            for order in orders:
                pair = _make(order, out, darkening, book, progress)
                made += [pair] if pair else []
        write_manifest(out, darkening.terms, made)
    except ImageError as error:
        raise OutputError(str(error)) from error
    return made


def _make(
    order: "Order", out: Path, darkening: Darkening, book: DarkBook, progress: Progress
) -> "Made | None":
    """One pair, from an earlier run or new; None if its photo cannot be read."""
    from lowlight_cli.datasets.synthesize import kept_pair, make_pair, read_photo

    files = order.files(out)
    pair = kept_pair(order, out) if all(book.holds(file, order.source) for file in files) else None
    if pair:
        progress.show(Row(order.source, files[0], "skipped"))
        return pair
    try:
        clean = read_photo(order.source, int(darkening.terms["longest"]))
    except ImageError as error:
        progress.show(Row(order.source, files[0], "failed", error.code, str(error)))
        return None
    try:
        pair = make_pair(order, out, clean, darkening.darkener)
        for file in files:
            book.note(file, order.source)
    except ImageError as error:
        raise OutputError(str(error)) from error
    progress.show(Row(order.source, files[0], "ok", width=pair.width, height=pair.height))
    return pair
