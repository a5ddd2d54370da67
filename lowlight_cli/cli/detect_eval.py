"""``lle detect-eval``: what detectors found, against labels; does enhancing help?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lowlight_cli.cli.evaluate_options import Form, TableForm
from lowlight_cli.cli.global_options import GlobalSettings, settings_of
from lowlight_cli.cli.progress import say
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.score_tables import print_grid, write_report
from lowlight_cli.detection.choices import SetForm
from lowlight_cli.errors import GateError, UsageError

if TYPE_CHECKING:
    from lowlight_cli.detection.compare_detectors import DetectorComparison
    from lowlight_cli.detection.preparation import Preparation

_FORMS = {".json": Form.JSON, ".jsonl": Form.JSONL, ".csv": Form.CSV, ".md": Form.MD, ".tex": Form.LATEX}
_GATES = ("map50", "map", "map75", "recall")


LabelsArgument = Annotated[
    Path, typer.Argument(metavar="LABELS", help="Labelled data set: what lle detect-prep made, or any other.")
]
PredictionOption = Annotated[
    list[str],
    typer.Option(
        "--pred",
        metavar="[NAME=]PATH",
        help="Predictions: a folder of texts (class cx cy w h score), or a JSON file of COCO results. "
        "Repeat it to compare; the first is what the others are measured against.",
    ),
]
FromOption = Annotated[
    SetForm | None, typer.Option("--from", help="Form of the labels; found out if not given.")
]
ClassesOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Names of the classes in order, one on a line.")
]
SplitOption = Annotated[
    str | None,
    typer.Option(metavar="train|val|test|all", help="Part to score.", show_default="test or val or all"),
]
FormOption = Annotated[TableForm, typer.Option("--format", "-f", help="Form of the result on stdout.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
ReportOption = Annotated[
    list[Path] | None,
    typer.Option("--report", metavar="FILE", help="Write the result here, too: .json .jsonl .csv .md .tex."),
]
FailUnderOption = Annotated[
    list[str] | None,
    typer.Option(metavar="SCORE=LIMIT", help="Exit with 10 if the last detector is below: map50=0.5."),
]
ResamplesOption = Annotated[
    int, typer.Option(min=0, help="Draws for the intervals of the differences; 0 leaves them out.")
]
SeedOption = Annotated[int, typer.Option(min=0, help="For the draws.")]


def detect_eval(
    context: typer.Context,
    labels: LabelsArgument,
    pred: PredictionOption,
    source_form: FromOption = None,
    classes: ClassesOption = None,
    split: SplitOption = None,
    form: FormOption = TableForm.TABLE,
    as_json: JsonOption = False,
    report: ReportOption = None,
    fail_under: FailUnderOption = None,
    resamples: ResamplesOption = 1000,
    seed: SeedOption = 0,
) -> None:
    """Score detectors against labels, side by side: average precision of each class, and the means.

    Predictions come from any detector; none is run here. Names of pictures tell which prediction belongs
    where; a picture without a file counts as a picture without detections.

    Exit codes: 0 all scored, 2 usage, 3 labels or predictions are broken, 7 no evaluator is installed, 8 a
    report cannot be written, 10 a limit of --fail-under is passed.

    Example:  lle detect-eval ./exdark/enhanced --pred original=runs/a/labels --pred enhanced=runs/b/labels
    """
    kind = Form.JSON if as_json else Form(form.value)
    reports = _reports(report or [])
    gates = [_gate(text) for text in fail_under or []]
    sources = _sources(pred)
    globally = settings_of(context)

    # Not needed for --help, which shall come at once.
    from lowlight_cli.cli.detect_eval_output import as_text
    from lowlight_cli.detection.compare_detectors import hold_contest, truth_of

    prepared = _prepared(labels, source_form, classes, globally)
    part = _part(prepared, split)
    truth = truth_of(prepared.pictures, part)
    if not truth:
        raise UsageError(f"'{labels}' holds no picture of the split '{split}'")
    comparison = hold_contest(
        truth, sources, prepared.classes, labels=labels, split=part, resamples=resamples, seed=seed
    )
    _warn(comparison, globally)
    if not globally.quiet:
        _print(comparison, kind, globally)
    for path, kind in reports.items():
        write_report(path, as_text(comparison, kind))
    _judge(comparison, gates)
    raise typer.Exit(3 if prepared.errors else 0)


def _prepared(
    labels: Path, form: SetForm | None, classes: Path | None, globally: GlobalSettings
) -> "Preparation":
    from lowlight_cli.cli.detection_sources import measured, names_from
    from lowlight_cli.detection.detect_format import read_collection
    from lowlight_cli.detection.preparation import prepare

    if not labels.is_dir():
        raise UsageError(f"no such folder: '{labels}'")
    found = read_collection(labels, form.value if form else None, names_from(classes))
    prepared = prepare(found, measured, keep_unlabelled=found.form != "exdark")
    for error in prepared.errors:
        say(f"failed  {error}", error=True)
    say(f"{found.form}: {len(prepared.pictures)} pictures", quiet=globally.quiet)
    return prepared


def _part(prepared: "Preparation", split: str | None) -> str | None:
    if split == "all":
        return None
    held = {each.split for each in prepared.pictures}
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
            raise UsageError(f"two predictions are called '{name}'; name them: --pred NAME=PATH")
        sources[name] = place
    return sources


def _reports(paths: list[Path]) -> dict[Path, Form]:
    wrong = next((path for path in paths if path.suffix.lower() not in _FORMS), None)
    if wrong is not None:
        raise UsageError(f"--report '{wrong}' must end in one of {', '.join(_FORMS)}")
    return {path: _FORMS[path.suffix.lower()] for path in paths}


def _gate(text: str) -> tuple[str, float]:
    name, _, number = (part.strip() for part in text.partition("="))
    try:
        limit = float(number)
    except ValueError:
        raise UsageError(f"--fail-under '{text}' is not of the form map50=0.5") from None
    if name not in _GATES:
        raise UsageError(f"--fail-under {text}: no such score; known: {', '.join(_GATES)}")
    return name, limit


def _warn(comparison: "DetectorComparison", globally: GlobalSettings) -> None:
    for each in comparison.detectors:
        strangers = each.predictions.strangers
        if strangers:
            text = (
                f"lle: warning: {each.name}: {len(strangers)} predictions are for no picture of these labels"
            )
            say(f"{text}, the first is '{strangers[0]}'", quiet=globally.quiet)


def _print(comparison: "DetectorComparison", form: Form, globally: GlobalSettings) -> None:
    from lowlight_cli.cli.detect_eval_output import as_text, grid_of, header_lines

    if form is not Form.TABLE:
        emit(as_text(comparison, form))
        return
    grid = grid_of(comparison)
    emit("\n".join(header_lines(comparison)))
    print_grid(grid, globally.color)
    for note in grid.footnotes:
        emit(note)


def _judge(comparison: "DetectorComparison", gates: list[tuple[str, float]]) -> None:
    last = comparison.detectors[-1]
    for name, limit in gates:
        value = getattr(last.scores, name)
        if value is None or value < limit:
            shown = "no value" if value is None else f"{value:.6g}"
            raise GateError(f"limit passed: {name} of {last.name} is {shown} (--fail-under {name}={limit:g})")
