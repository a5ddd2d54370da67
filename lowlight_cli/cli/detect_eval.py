"""``lle detect-eval``: score detectors against labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lowlight_cli.cli.evaluate_options import Form, TableForm
from lowlight_cli.cli.global_options import GlobalSettings, settings_of
from lowlight_cli.cli.progress import say, shown
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.score_tables import print_grid, write_report
from lowlight_cli.counted import counted
from lowlight_cli.detection.choices import SourceFormat
from lowlight_cli.errors import GateError, UsageError

if TYPE_CHECKING:
    from lowlight_cli.detection.compare_detectors import DetectorComparison
    from lowlight_cli.detection.prepared_labels import PreparedLabels

_FORMS = {".json": Form.JSON, ".jsonl": Form.JSONL, ".csv": Form.CSV, ".md": Form.MD, ".tex": Form.LATEX}
_GATES = ("map50", "map", "map75", "recall")


LabelsArgument = Annotated[
    Path, typer.Argument(metavar="LABELS", help="Labeled dataset, from lle detect-prep or elsewhere.")
]
PredictionOption = Annotated[
    list[str],
    typer.Option(
        "--pred",
        metavar="[NAME=]PATH",
        help="Predictions: a folder of text files (class cx cy w h score), or a JSON file of COCO results. "
        "May be repeated; differences are relative to the first.",
    ),
]
FromOption = Annotated[
    SourceFormat | None,
    typer.Option("--from", help="Format of the labels.", show_default="detected from the files"),
]
ClassesOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="File with the class names in order, one per line.")
]
SplitOption = Annotated[
    str | None,
    typer.Option(
        metavar="train|val|test|all", help="Split to score.", show_default="test, else val, else all"
    ),
]
FormOption = Annotated[TableForm, typer.Option("--format", "-f", help="Format of the result on stdout.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Same as --format json.")]
ReportOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--report", metavar="FILE", help="Also write the result to a file: .json .jsonl .csv .md .tex."
    ),
]
FailUnderOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SCORE=LIMIT", help="Exit with code 10 if the last detector scores lower, e.g. map50=0.5."
    ),
]
ResamplesOption = Annotated[
    int, typer.Option(min=0, metavar="N", help="Bootstrap resamples for the intervals; 0 omits differences.")
]
SeedOption = Annotated[int, typer.Option(min=0, help="Random seed of the bootstrap.")]


def detect_eval(
    context: typer.Context,
    labels: LabelsArgument,
    pred: PredictionOption,
    source_format: FromOption = None,
    classes: ClassesOption = None,
    split: SplitOption = None,
    form: FormOption = TableForm.TABLE,
    as_json: JsonOption = False,
    report: ReportOption = None,
    fail_under: FailUnderOption = None,
    resamples: ResamplesOption = 1000,
    seed: SeedOption = 0,
) -> None:
    """Score detectors against labels: average precision of each class, and its means.

    Predictions may come from any detector; none is run here. They belong to the image of the same name; an
    image without predictions counts as one without detections.

    Exit codes: 0 success, 2 usage error, 3 labels or predictions are invalid, 4 no prediction fits a labeled
    image, 7 no evaluator is installed, 8 a report cannot be written, 10 a score is below its --fail-under
    limit.

    Example:  lle detect-eval ./exdark/enhanced --pred original=runs/a/labels --pred enhanced=runs/b/labels
    """
    kind = Form.JSON if as_json else Form(form.value)
    reports = _reports(report or [])
    gates = [_gate(text) for text in fail_under or []]
    sources = _sources(pred)
    settings = settings_of(context)

    # Not needed for --help, which must be fast.
    from lowlight_cli.cli.detect_eval_output import as_text
    from lowlight_cli.detection.compare_detectors import compare_detectors, ground_truth
    from lowlight_cli.detection.splits import sizes_of

    prepared = _prepared(labels, source_format, classes, settings)
    part = _part(prepared, split)
    truth = ground_truth(prepared.images, part)
    if not truth:
        splits = ", ".join(sizes_of([each.split for each in prepared.images])) or "none"
        raise UsageError(
            f"'{labels}' has no images in the split '{split or 'all'}'; splits with images: {splits}"
        )
    comparison = compare_detectors(
        truth, sources, prepared.classes, labels=labels, split=part, resamples=resamples, seed=seed
    )
    _warn(comparison, settings)
    _print(comparison, kind, settings)
    for path, kind in reports.items():
        write_report(path, as_text(comparison, kind))
    _check_gates(comparison, gates)
    raise typer.Exit(3 if prepared.errors else 0)


def _prepared(
    labels: Path, source_format: SourceFormat | None, classes: Path | None, settings: GlobalSettings
) -> "PreparedLabels":
    from lowlight_cli.detection.detect_format import read_collection
    from lowlight_cli.detection.exif_orientation import read_stored_size
    from lowlight_cli.detection.files import read_class_names
    from lowlight_cli.detection.prepared_labels import prepare_labels

    if not labels.is_dir():
        raise UsageError(f"no such folder: '{labels}'")
    found = read_collection(labels, source_format, read_class_names(classes) if classes else None)
    prepared = prepare_labels(found, read_stored_size, keep_unlabelled=found.format != "exdark")
    for error in prepared.errors:
        say(f"failed  {shown(str(error))}", error=True)
    for note in found.notes:
        say(f"lle: warning: {shown(note)}", quiet=settings.quiet)
    say(f"{found.format}: {counted(len(prepared.images), 'image')}", quiet=settings.quiet)
    return prepared


def _part(prepared: "PreparedLabels", split: str | None) -> str | None:
    if split == "all":
        return None
    held = {each.split for each in prepared.images}
    return split or next((name for name in ("test", "val") if name in held), None)


def _sources(texts: list[str]) -> dict[str, Path]:
    sources: dict[str, Path] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        place = Path(path if equals else text)
        name = name if equals else place.name
        if not place.exists():
            raise UsageError(f"no such predictions: '{place}'")
        if name in sources:
            raise UsageError(f"two predictions are named '{name}'; name them with --pred NAME=PATH")
        sources[name] = place
    return sources


def _reports(paths: list[Path]) -> dict[Path, Form]:
    wrong = next((path for path in paths if path.suffix.lower() not in _FORMS), None)
    if wrong is not None:
        raise UsageError(f"--report '{wrong}' has no report extension; use one of {', '.join(_FORMS)}")
    return {path: _FORMS[path.suffix.lower()] for path in paths}


def _gate(text: str) -> tuple[str, float]:
    name, _, number = (part.strip() for part in text.partition("="))
    try:
        limit = float(number)
    except ValueError:
        raise UsageError(f"--fail-under '{text}' is not a limit such as map50=0.5") from None
    if name not in _GATES:
        raise UsageError(f"--fail-under '{text}': unknown score; use one of {', '.join(_GATES)}")
    return name, limit


def _warn(comparison: "DetectorComparison", settings: GlobalSettings) -> None:
    for each in comparison.detectors:
        unknown = each.predictions.unknown
        if unknown:
            share = f"{len(unknown):,} of {counted(each.predictions.named, 'image')} with predictions"
            text = f"lle: warning: {each.name}: {share} have no labels here, the first is '{unknown[0]}'"
            say(text, quiet=settings.quiet)


def _print(comparison: "DetectorComparison", form: Form, settings: GlobalSettings) -> None:
    from lowlight_cli.cli.detect_eval_output import as_text, grid_of, header_lines

    if form is not Form.TABLE:
        emit(as_text(comparison, form))
        return
    grid = grid_of(comparison)
    emit("\n".join(header_lines(comparison)))
    print_grid(grid, settings.color)
    for note in grid.footnotes:
        emit(note)


def _check_gates(comparison: "DetectorComparison", gates: list[tuple[str, float]]) -> None:
    last = comparison.detectors[-1]
    for name, limit in gates:
        value = getattr(last.scores, name)
        if value is None or value < limit:
            shown = "no value" if value is None else f"{value:.6g}"
            raise GateError(f"{name} of {last.name} is {shown}, below --fail-under {name}={limit:g}")
