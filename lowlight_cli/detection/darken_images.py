"""Darkened copies of the images of a dataset, each in its place."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from lowlight_cli.detection.dark_book import DarkBook
from lowlight_cli.detection.export import LabelledImage, image_path
from lowlight_cli.detection.foreign_files import ForeignFiles
from lowlight_cli.detection.observer import PrepareObserver
from lowlight_cli.detection.request import PrepareRequest
from lowlight_cli.errors import ImageError
from lowlight_cli.images.choices import FramesPolicy
from lowlight_cli.images.decode import decode
from lowlight_cli.images.encode import encode
from lowlight_cli.images.settings import ReadSettings
from lowlight_cli.pipeline.choices import DarkeningMethod
from lowlight_cli.pipeline.darkening import make_darkening
from lowlight_cli.pipeline.report import Row

_FIRST_FRAME = ReadSettings(frames=FramesPolicy.FIRST)


def darken_images(
    request: PrepareRequest,
    root: Path,
    images: Sequence[LabelledImage],
    foreign: ForeignFiles,
    observer: PrepareObserver,
) -> list[Row]:
    """Darkens images; those that an earlier run made with the same settings are kept.

    Args:
        request: The preparation.
        root: Top folder of the darkened images.
        images: All images.
        foreign: Files in places of the result that no earlier run placed.
        observer: Hears about each image.
    """
    checkpoint = request.enhance.settings.checkpoint
    if request.darken_by is DarkeningMethod.PHYSICAL:
        checkpoint = None
    darkener, terms = make_darkening(
        request.darken_by, request.darken_strength, request.seed, checkpoint=checkpoint
    )
    record = DarkBook(root, json.dumps(terms, sort_keys=True))

    def darken(source: Path, target: Path, name: str) -> None:
        picture = decode(source, _FIRST_FRAME)
        encode(picture.with_pixels([darkener(picture.pixels, name)]), target)
        record.note(target, source)

    rows = []
    with observer.progress(len(images)):
        for each in images:
            target = root / image_path(request.target_format, each)
            rows.append(_outcome(each, target, record, foreign, darken))
            observer.item(rows[-1])
    return rows


def _outcome(
    image: LabelledImage,
    target: Path,
    record: DarkBook,
    foreign: ForeignFiles,
    darken: Callable[[Path, Path, str], None],
) -> Row:
    source = image.sample.image
    if record.holds(target, source):
        return Row(source, target, "skipped")
    if foreign.holds(target):
        return foreign.row(source, target)
    try:
        darken(source, target, image.sample.name)
    except ImageError as error:
        return Row(source, target, "failed", error.code, str(error))
    return Row(source, target, "ok")
