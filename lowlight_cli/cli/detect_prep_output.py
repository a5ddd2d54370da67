"""One run of ``lle detect-prep``: what is printed about it, and its HTML page."""

from collections import Counter
from pathlib import Path

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import say, shown
from lowlight_cli.cli.reporter import Reporter, emit
from lowlight_cli.counted import counted
from lowlight_cli.detection.choices import Link
from lowlight_cli.detection.collection import SPLITS, Collection
from lowlight_cli.detection.export import image_path, put
from lowlight_cli.detection.files import REPORT, preview_file
from lowlight_cli.detection.observer import PrepareObserver
from lowlight_cli.detection.prepare import PrepareReport, Source, prepare, read_source
from lowlight_cli.detection.prepared_labels import Changes, PreparedLabels, official_shortfall
from lowlight_cli.detection.request import PrepareRequest
from lowlight_cli.errors import ImageError, OutputError, printable
from lowlight_cli.pipeline.report import SOME_FAILED, Report
from lowlight_cli.reports.detection_page import detection_page

_MOST_NAMED = 3
"""Files that a warning names; there may be thousands."""

_GUESSED = "of them with a guessed box orientation (see --box-space)"


def run(request: PrepareRequest, settings: GlobalSettings, *, dry_run: bool) -> int:
    """Prepares a dataset and prints how it went; returns the exit code.

    Args:
        request: What to prepare.
        settings: Global settings.
        dry_run: Whether the plan is printed and nothing is done.

    Raises:
        LowlightError: The preparation could not start, or could not write its result.
    """
    reporter = _PrepareReporter(request, settings)
    if dry_run:
        return _show_plan(request, read_source(request, reporter))
    report = prepare(request, reporter)
    if report.document:
        page = _write_page(request, report)
        say(f"report:  {shown(page)}", quiet=settings.quiet)
    for file in report.files:
        emit(file)
    return report.exit_code


class _PrepareReporter(Reporter, PrepareObserver):
    """Prints the events of a preparation."""

    def __init__(self, request: PrepareRequest, settings: GlobalSettings) -> None:
        super().__init__(settings)
        self._request = request

    def found(self, collection: Collection, labels: PreparedLabels) -> None:
        """Prints what the source holds, and names what cannot be used."""
        for error in labels.errors:
            say(f"failed  {shown(str(error))}", error=True)
        boxes = counted(sum(len(each.boxes) for each in labels.images), "box", "boxes")
        counts = Counter(each.split for each in labels.images)
        splits = ", ".join(f"{split} {counts[split]:,}" for split in SPLITS if counts[split])
        classes = counted(len(labels.classes), "class", "classes")
        size = f"{counted(len(labels.images), 'image')}, {boxes}, {classes}"
        self._say(f"{collection.format}: {size}; {splits or 'no split'}")
        used = Counter(box.label for each in labels.images for box in each.boxes)
        per_class = ", ".join(f"{name} {used[index]:,}" for index, name in enumerate(labels.classes))
        self._say(f"boxes: {per_class}")
        self._tell_lost_marks(labels)
        for note in collection.notes:
            self._say(f"lle: warning: {shown(note)}")
        orphans = [shown(path) for path in collection.without_image]
        self._warn_about("annotation", "without an image", orphans)
        unlabelled = [shown(sample.image) for sample in collection.without_annotation]
        self._warn_about("image", "without annotation", unlabelled)
        if collection.format == "exdark" and (short := official_shortfall(labels.images)):
            text = ", ".join(
                f"{split} {count:,} of {official:,}" for split, (count, official) in short.items()
            )
            self._say(f"lle: warning: this is not all of ExDark: {text}")

    def enhanced(self, report: Report) -> None:
        """Prints the totals of the run that enhanced the images."""
        self.end(report, report.exit_code)

    def wrong_size(self, path: Path) -> None:
        """Names an image that does not fit its labels."""
        say(f"failed  {shown(path)}: its size differs from that of its labels", error=True)

    def originals_placed(self, count: int, new: int) -> None:
        """Prints how many originals the result has."""
        verb = "copied" if self._request.link is Link.COPY else "linked"
        self._say(f"originals: {count:,} ({new:,} {verb} now)")

    def changed(self, changes: Changes) -> None:
        """Prints how much was changed, if anything."""
        parts = {
            ("box clipped to its image", "boxes clipped to their image"): changes.clipped,
            ("empty box removed", "empty boxes removed"): changes.empty,
            ("duplicate box removed", "duplicate boxes removed"): changes.repeated,
            ("image rotated upright by EXIF", "images rotated upright by EXIF"): changes.turned,
            (_GUESSED, _GUESSED): changes.guessed,
        }
        text = ", ".join(counted(count, *nouns) for nouns, count in parts.items() if count)
        if text:
            self._say(f"changed: {text}")

    def _tell_lost_marks(self, labels: PreparedLabels) -> None:
        """Prints how many boxes have a mark that the target format cannot hold."""
        target = self._request.target_format
        boxes = [box for each in labels.images for box in each.boxes]
        crowds = sum(box.crowd for box in boxes) if target != "coco" else 0
        difficult = sum(box.difficult for box in boxes) if target != "voc" else 0
        counts = ((crowds, "crowd", "crowds"), (difficult, "difficult box", "difficult boxes"))
        if text := ", ".join(counted(*each) for each in counts if each[0]):
            self._say(f"marks lost in {target}: {text}")

    def _warn_about(self, noun: str, what: str, names: list[str]) -> None:
        if names:
            more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
            listed = ", ".join(f"'{name}'" for name in names[:_MOST_NAMED])
            self._say(f"lle: warning: {counted(len(names), noun)} {what}: {listed}{more}")

    def _say(self, text: str) -> None:
        say(text, quiet=self._settings.quiet)


def _show_plan(request: PrepareRequest, source: Source) -> int:
    """Prints where each image would be written; returns the exit code that the labels lead to."""
    for root in request.roots.all:
        for each in source.labels.images:
            target = root / image_path(request.target_format, each)
            count = counted(len(each.boxes), "box", "boxes")
            emit(f"{printable(each.sample.image)} -> {printable(target)}  {count}")
    return SOME_FAILED if source.labels.errors else 0


def _write_page(request: PrepareRequest, report: PrepareReport) -> Path:
    """Writes ``lle-report.html``; returns its path.

    Raises:
        OutputError: It cannot be written.
    """
    paths = {split: request.out / preview_file(split) for split in report.document["splits"]}
    previews = {split: path.read_bytes() for split, path in paths.items() if path.is_file()}
    page = request.out / f"{REPORT}.html"
    try:
        put(page, detection_page(report.document, previews, title=printable(request.out.resolve().name)))
    except ImageError as error:
        raise OutputError(str(error)) from error
    return page
