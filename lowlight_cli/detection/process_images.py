"""The images of a prepared dataset: enhanced, darkened, or originals in their places."""

import json
from collections.abc import Sequence
from pathlib import Path

from lowlight_cli.detection.dark_book import DarkBook
from lowlight_cli.detection.export import LabelledImage, image_path
from lowlight_cli.detection.observer import PrepareObserver
from lowlight_cli.detection.place_original import place_original
from lowlight_cli.detection.prepared_labels import PreparedLabels
from lowlight_cli.detection.request import PrepareRequest
from lowlight_cli.errors import ImageError
from lowlight_cli.images.choices import FramesPolicy
from lowlight_cli.images.codecs.header import read_header
from lowlight_cli.images.decode import decode
from lowlight_cli.images.encode import encode
from lowlight_cli.images.settings import ReadSettings
from lowlight_cli.pipeline.choices import DarkeningMethod
from lowlight_cli.pipeline.darkening import make_darkening
from lowlight_cli.pipeline.enhance import enhance_plan
from lowlight_cli.pipeline.file_stat import file_stat
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.report import ALL_FAILED, SOME_FAILED, Row

_FIRST_FRAME = ReadSettings(frames=FramesPolicy.FIRST)


def process_images(
    request: PrepareRequest, images: Sequence[LabelledImage], observer: PrepareObserver
) -> int:
    """Enhances or darkens every image into its place; returns the exit code of that run.

    Args:
        request: The preparation; if it only wants originals, nothing is done.
        images: All images.
        observer: Hears about each image.
    """
    root = request.roots.processed
    if root is None:
        return 0
    return (_darken if request.darken else _enhance)(request, root, images, observer)


def has_processed(request: PrepareRequest, image: LabelledImage, observer: PrepareObserver) -> bool:
    """Whether the processed image exists with the size of its labels; true if only originals are wanted."""
    if request.roots.processed is None:
        return True
    target = request.roots.processed / image_path(request.target_format, image)
    try:
        header = read_header(target)
    except ImageError:
        return False
    if (header.width, header.height) == image.size and header.orientation == 1:
        return True
    observer.wrong_size(target)
    return False


def place_originals(
    request: PrepareRequest,
    labels: PreparedLabels,
    images: Sequence[LabelledImage],
    observer: PrepareObserver,
) -> None:
    """Copies, links or converts originals into their places, if they are wanted.

    Args:
        request: The preparation.
        labels: The dataset with the sizes of its images as stored.
        images: The images to place.
        observer: Hears how many were placed.

    Raises:
        ImageError: An image cannot be read or written.
    """
    root = request.roots.original
    if root is None:
        return
    ready = {
        each.file: stored.orientation == 1 and Path(each.file).suffix == each.sample.image.suffix
        for each, stored in zip(labels.images, labels.stored, strict=True)
    }
    new = 0
    for each in images:
        target = root / image_path(request.target_format, each)
        new += place_original(each.sample.image, target, request.link, is_ready=ready[each.file])
    observer.originals_placed(len(images), new)


def _enhance(
    request: PrepareRequest, root: Path, images: Sequence[LabelledImage], observer: PrepareObserver
) -> int:
    jobs = tuple(_job(each, root / image_path(request.target_format, each)) for each in images)
    report = enhance_plan(Plan(jobs, root), request.enhance, observer)
    observer.enhanced(report)
    return report.exit_code


def _job(image: LabelledImage, target: Path) -> Job:
    source = image.sample.image
    return Job(source, target, relative=Path(image.sample.name), stat=file_stat(source))


def _darken(
    request: PrepareRequest, root: Path, images: Sequence[LabelledImage], observer: PrepareObserver
) -> int:
    """Darkens images; those that an earlier run made with the same settings are kept."""
    checkpoint = request.enhance.settings.checkpoint
    if request.darken_by is DarkeningMethod.PHYSICAL:
        checkpoint = None
    darkener, terms = make_darkening(
        request.darken_by, request.darken_strength, request.seed, checkpoint=checkpoint
    )
    record = DarkBook(root, json.dumps(terms, sort_keys=True))
    failed = 0
    with observer.progress(len(images)):
        for each in images:
            source, target = each.sample.image, root / image_path(request.target_format, each)
            if record.holds(target, source):
                observer.item(Row(source, target, "skipped"))
                continue
            try:
                picture = decode(source, _FIRST_FRAME)
                encode(picture.with_pixels([darkener(picture.pixels, each.sample.name)]), target)
                record.note(target, source)
                observer.item(Row(source, target, "ok"))
            except ImageError as error:
                failed += 1
                observer.item(Row(source, target, "failed", error.code, str(error)))
    return 0 if not failed else ALL_FAILED if failed == len(images) else SOME_FAILED
