"""One run of ``lle detect-prep``: what is printed about it, and its HTML page."""

from collections import Counter
from pathlib import Path

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import say, shown
from lowlight_cli.cli.reporter import Reporter, emit
from lowlight_cli.detection.collection import SPLITS, Collection
from lowlight_cli.detection.export import image_path, put
from lowlight_cli.detection.observer import PrepareObserver
from lowlight_cli.detection.prepare import PrepareReport, Source, prepare, read_source
from lowlight_cli.detection.prepared_labels import Changes, PreparedLabels, official_shortfall
from lowlight_cli.detection.request import PrepareRequest
from lowlight_cli.errors import ImageError, OutputError
from lowlight_cli.pipeline.report import Report
from lowlight_cli.reports.detection_page import detection_page

_MOST_NAMED = 3
"""Files that a warning names; there may be thousands."""


def run(request: PrepareRequest, settings: GlobalSettings, *, dry_run: bool) -> int:
    """Prepares a dataset and prints how it went; returns the exit code.

    Args:
        request: What to prepare.
        settings: Global settings.
        dry_run: Whether the plan is printed and nothing is done.

    Raises:
        LowlightError: The preparation could not start, or could not write its result.
    """
    reporter = _PrepareReporter(settings)
    if dry_run:
        _show_plan(request, read_source(request, reporter))
        return 0
    report = prepare(request, reporter)
    if report.document:
        _write_page(request, report)
    for file in report.files:
        emit(file)
    return report.exit_code


class _PrepareReporter(Reporter, PrepareObserver):
    """Prints the events of a preparation."""

    def found(self, collection: Collection, labels: PreparedLabels) -> None:
        """Prints what the source holds, and names what cannot be used."""
        for error in labels.errors:
            say(f"failed  {error}", error=True)
        boxes = sum(len(each.boxes) for each in labels.images)
        counts = Counter(each.split for each in labels.images)
        splits = ", ".join(f"{split} {counts[split]:,}" for split in SPLITS if counts[split])
        size = f"{len(labels.images):,} images, {boxes:,} boxes, {len(labels.classes)} classes"
        self._say(f"{collection.format}: {size}; {splits or 'no split'}")
        used = Counter(box.label for each in labels.images for box in each.boxes)
        per_class = ", ".join(f"{name} {used[index]:,}" for index, name in enumerate(labels.classes))
        self._say(f"boxes: {per_class}")
        self._warn_about("annotations without an image", [str(path) for path in collection.without_image])
        unlabelled = [str(path) for path in collection.without_annotation]
        self._warn_about("images without annotation", unlabelled)
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
        say(f"failed  {path}: its size differs from that of its labels", error=True)

    def originals_placed(self, count: int, new: int) -> None:
        """Prints how many originals are in their places."""
        self._say(f"originals: {count} in place, {new} of them new")

    def changed(self, changes: Changes) -> None:
        """Prints how much was changed, if anything."""
        parts = {
            "boxes clipped to their image": changes.clipped,
            "empty boxes removed": changes.empty,
            "duplicate boxes removed": changes.repeated,
            "images rotated upright by EXIF": changes.turned,
            "of them with a guessed box orientation (see --box-space)": changes.guessed,
        }
        text = ", ".join(f"{count:,} {label}" for label, count in parts.items() if count)
        if text:
            self._say(f"changed: {text}")

    def _warn_about(self, what: str, names: list[str]) -> None:
        if names:
            more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
            listed = ", ".join(f"'{name}'" for name in names[:_MOST_NAMED])
            self._say(f"lle: warning: {len(names):,} {what}: {listed}{more}")

    def _say(self, text: str) -> None:
        say(text, quiet=self._settings.quiet)


def _show_plan(request: PrepareRequest, source: Source) -> None:
    """Prints where each image would be written."""
    for root in request.roots.all:
        for each in source.labels.images:
            target = root / image_path(request.target_format, each)
            count = "1 box" if len(each.boxes) == 1 else f"{len(each.boxes)} boxes"
            emit(f"{shown(each.sample.image)} -> {shown(target)}  {count}")


def _write_page(request: PrepareRequest, report: PrepareReport) -> None:
    """Writes ``lle-report.html``.

    Raises:
        OutputError: It cannot be written.
    """
    paths = {split: request.out / f"preview_{split}.jpg" for split in report.document["splits"]}
    previews = {split: path.read_bytes() for split, path in paths.items() if path.is_file()}
    try:
        put(request.out / "lle-report.html", detection_page(report.document, previews))
    except ImageError as error:
        raise OutputError(str(error)) from error
