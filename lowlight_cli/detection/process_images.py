"""The images of a prepared dataset: enhanced, darkened, or originals in their places."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lowlight_cli.detection.darken_images import darken_images
from lowlight_cli.detection.export import LabelledImage, image_path
from lowlight_cli.detection.foreign_files import ForeignFiles
from lowlight_cli.detection.observer import PrepareObserver
from lowlight_cli.detection.place_original import is_placed, place_original
from lowlight_cli.detection.prepared_labels import PreparedLabels
from lowlight_cli.detection.request import PrepareRequest
from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs.header import read_header
from lowlight_cli.pipeline.enhance import enhance_plan
from lowlight_cli.pipeline.execute import RunSpec
from lowlight_cli.pipeline.file_stat import file_stat
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.report import ALL_FAILED, SOME_FAILED, Row


class Processed(NamedTuple):
    """Exit code of the run that made images, and the places that it left as they were."""

    exit_code: int
    left_out: frozenset[Path] = frozenset()


def check_model(request: PrepareRequest) -> None:
    """Refuses weights that are missing before files of an earlier preparation are removed.

    Raises:
        UsageError: The model lacks a control that was set.
        WeightsError: The weights are missing.
    """
    if request.roots.processed is not None and not request.labels_only and not request.darken:
        RunSpec.of(request.enhance)


def process_images(
    request: PrepareRequest,
    images: Sequence[LabelledImage],
    foreign: ForeignFiles,
    observer: PrepareObserver,
) -> Processed:
    """Enhances or darkens every image into its place.

    Args:
        request: The preparation; if it only wants originals, nothing is done.
        images: All images.
        foreign: Files in places of the result that no earlier run placed.
        observer: Hears about each image.
    """
    root = request.roots.processed
    if root is None:
        return Processed(0)
    if request.darken:
        rows = darken_images(request, root, images, foreign, observer)
        failed = len(_left_out(rows))
        code = 0 if not failed else ALL_FAILED if failed == len(images) else SOME_FAILED
        return Processed(code, _left_out(rows))
    jobs = tuple(_job(each, root / image_path(request.target_format, each)) for each in images)
    report = enhance_plan(Plan(jobs, root), request.enhance, observer)
    observer.enhanced(report)
    return Processed(report.exit_code, _left_out(report.rows))


def has_processed(
    request: PrepareRequest, image: LabelledImage, processed: Processed, observer: PrepareObserver
) -> bool:
    """Whether the processed image is in its place, with the size of its labels.

    Args:
        request: The preparation; if it only wants originals, the answer is yes.
        image: The image.
        processed: What ``process_images`` has returned.
        observer: Hears of an image of another size.
    """
    if request.roots.processed is None:
        return True
    target = request.roots.processed / image_path(request.target_format, image)
    return target not in processed.left_out and _has_size(target, image, observer)


def place_originals(
    request: PrepareRequest,
    labels: PreparedLabels,
    images: Sequence[LabelledImage],
    foreign: ForeignFiles,
    observer: PrepareObserver,
) -> tuple[LabelledImage, ...]:
    """Copies, links or converts originals into their places, if they are wanted.

    Args:
        request: The preparation.
        labels: The dataset with the sizes of its images as stored.
        images: The images to place.
        foreign: Files in places of the result that no earlier run placed.
        observer: Hears how many were placed, and of each file that was left alone.

    Returns:
        The images that are in their places.

    Raises:
        ImageError: An image cannot be read or written.
    """
    root = request.roots.original
    if root is None:
        return tuple(images)
    ready = {
        each.file: stored.orientation == 1 and Path(each.file).suffix == each.sample.image.suffix
        for each, stored in zip(labels.images, labels.stored, strict=True)
    }
    held, new = [], 0
    for each in images:
        source, target = each.sample.image, root / image_path(request.target_format, each)
        is_there = is_placed(source, target, request.link, is_ready=ready[each.file])
        if is_there or not foreign.holds(target):
            new += place_original(source, target, request.link, is_ready=ready[each.file])
            held.append(each)
            continue
        row = foreign.row(source, target)
        observer.item(row)
        if row.status == "skipped" and _has_size(target, each, observer):
            held.append(each)
    observer.originals_placed(len(held), new)
    return tuple(held)


def _left_out(rows: Sequence[Row]) -> frozenset[Path]:
    return frozenset(row.target for row in rows if row.target and row.status in ("failed", "conflict"))


def _has_size(target: Path, image: LabelledImage, observer: PrepareObserver) -> bool:
    try:
        header = read_header(target)
    except ImageError:
        return False
    if (header.width, header.height) == image.size and header.orientation == 1:
        return True
    observer.wrong_size(target)
    return False


def _job(image: LabelledImage, target: Path) -> Job:
    source = image.sample.image
    return Job(source, target, relative=Path(image.sample.name), stat=file_stat(source))
