"""Preparation of a dataset for a detector, in order: read labels, make images, write labels, report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from lowlight_cli.counted import counted
from lowlight_cli.detection.collection import AnnotationError, Collection
from lowlight_cli.detection.data_report import write_reports
from lowlight_cli.detection.detect_format import read_collection
from lowlight_cli.detection.exif_orientation import read_stored_size
from lowlight_cli.detection.export import LabelledImage, export_labels, splits_of
from lowlight_cli.detection.files import read_class_names
from lowlight_cli.detection.foreign_files import ForeignFiles
from lowlight_cli.detection.observer import PrepareObserver
from lowlight_cli.detection.placed_files import PlacedFiles
from lowlight_cli.detection.prepared_labels import PreparedLabels, prepare_labels, stated_size
from lowlight_cli.detection.process_images import (
    check_model,
    has_processed,
    place_originals,
    process_images,
)
from lowlight_cli.detection.request import PrepareRequest
from lowlight_cli.detection.splits import sizes_of, split_warnings
from lowlight_cli.detection.variants import expected_files
from lowlight_cli.errors import ImageError, LowlightError, OutputError, UsageError
from lowlight_cli.pipeline.choices import OnExist
from lowlight_cli.pipeline.report import ALL_FAILED, SOME_FAILED


class NoUsableImagesError(LowlightError):
    """A source in which no image can be used."""

    exit_code = ALL_FAILED


class Source(NamedTuple):
    """A dataset as read, and its labels as they will be written."""

    collection: Collection
    labels: PreparedLabels


@dataclass(frozen=True, slots=True)
class PrepareReport:
    """Outcome of a preparation.

    Attributes:
        exit_code: 0 success, 3 some images or annotations failed, or the exit code of the enhancement run
            that ended early.
        files: For each variant the file to give to a trainer, or the folder of annotations; empty if the
            preparation ended early.
        document: Content of ``lle-report.json``; empty likewise.
    """

    exit_code: int
    files: tuple[Path, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)


def prepare(request: PrepareRequest, observer: PrepareObserver | None = None) -> PrepareReport:
    """Converts a labelled dataset and enhances or darkens its images.

    Run again with the same request, it resumes. Labels are written last, so a result without labels is not
    finished.

    Args:
        request: What to do.
        observer: Hears about the preparation while it goes on.

    Raises:
        AnnotationError: The source cannot be read, or ``strict`` is set and an annotation is invalid.
        NoUsableImagesError: No image of the source can be used.
        OutputError: The result cannot be written.
        LowlightError: The images could not be processed.
    """
    observer = observer or PrepareObserver()
    source = read_source(request, observer)
    try:
        return _write(request, source, observer)
    except ImageError as error:
        raise OutputError(str(error)) from error


def read_source(request: PrepareRequest, observer: PrepareObserver) -> Source:
    """Reads the labels of the source, and fits them to its images; nothing is written.

    Raises:
        AnnotationError: As ``prepare``.
        NoUsableImagesError: As ``prepare``.
        UsageError: The folders do not fit together, or the split is not possible.
    """
    _check_folders(request.source, request.out)
    collection = read_collection(
        request.source,
        request.source_format,
        read_class_names(request.classes) if request.classes else None,
        inclusive=request.voc_inclusive,
        needs_images=not request.labels_only,
    )
    labels = prepare_labels(
        collection,
        stated_size if request.labels_only else read_stored_size,
        split=request.split,
        seed=request.seed,
        space=request.space,
        keep_unlabelled=request.keep_unlabelled,
        limit=request.limit,
    )
    observer.found(collection, labels)
    _warn_about_splits(request, labels.images, observer)
    if request.strict and labels.errors:
        raise AnnotationError(str(request.source), f"{counted(len(labels.errors), 'invalid annotation')}")
    if not labels.images:
        raise NoUsableImagesError(f"no image in '{request.source}' can be used")
    return Source(collection, labels)


def _write(request: PrepareRequest, source: Source, observer: PrepareObserver) -> PrepareReport:
    labels, roots, target_format = source.labels, request.roots, request.target_format
    placed = PlacedFiles(request.out)
    planned = _expected(request, labels.images)
    foreign = ForeignFiles(request.out, placed.foreign(planned), request.on_exist)
    foreign.check(planned)
    check_model(request)
    placed.begin(planned, foreign.names)
    code, images = _place_images(request, labels, foreign, observer)
    if not images:
        return PrepareReport(code or ALL_FAILED)
    files = tuple(
        export_labels(target_format, root, images, labels.classes, portable=request.portable)
        for root in roots.all
    )
    observer.changed(labels.changes)
    written = replace(labels, images=images)
    document = write_reports(request.out, source.collection, written, roots, target_format)
    kept = foreign.names if request.on_exist is not OnExist.OVERWRITE else frozenset()
    held = {name: kind for name, kind in _expected(request, images).items() if name not in kept}
    placed.end(held, has_images=not request.labels_only)
    is_partial = labels.errors or len(images) < len(labels.images)
    return PrepareReport(SOME_FAILED if is_partial else code, files, document)


def _expected(request: PrepareRequest, images: Sequence[LabelledImage]) -> dict[str, str]:
    has_images = not request.labels_only
    return expected_files(request.out, request.roots, request.target_format, images, has_images=has_images)


def _place_images(
    request: PrepareRequest, labels: PreparedLabels, foreign: ForeignFiles, observer: PrepareObserver
) -> tuple[int, tuple[LabelledImage, ...]]:
    """Makes the images; returns the exit code so far, and the images in place, none if it ended early."""
    if request.labels_only:
        return 0, labels.images
    processed = process_images(request, labels.images, foreign, observer)
    if processed.exit_code not in (0, SOME_FAILED):
        return processed.exit_code, ()
    images = tuple(each for each in labels.images if has_processed(request, each, processed, observer))
    images = place_originals(request, labels, images, foreign, observer)
    if splits_of(images) != splits_of(labels.images):
        _warn_about_splits(request, images, observer)
    return processed.exit_code, images


def _warn_about_splits(
    request: PrepareRequest, images: Sequence[LabelledImage], observer: PrepareObserver
) -> None:
    sizes = sizes_of([each.split for each in images])
    for text in split_warnings(sizes, request.split, request.target_format):
        observer.warning(text)


def _check_folders(source: Path, out: Path) -> None:
    """Refuses a result that would mix with the source.

    Raises:
        UsageError: The source is missing, or the result would be in it or above it.
    """
    if not source.is_dir():
        raise UsageError(f"no such folder: '{source}'")
    if out.exists() and not out.is_dir():
        raise UsageError(f"'{out}' is a file; name a folder for the result")
    if source.resolve() == out.resolve() or source.resolve().is_relative_to(out.resolve()):
        raise UsageError(f"'{source}' is input and output; choose an output folder outside of it")
    if out.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"the output folder '{out}' lies inside the input '{source}'; choose another one")
