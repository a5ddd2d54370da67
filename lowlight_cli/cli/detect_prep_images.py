"""The pictures of ``lle detect-prep``: enhanced by the engine, darkened, or put there as they are."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lowlight_cli.cli.darkening import Method, make_darkening
from lowlight_cli.cli.progress import Progress, say
from lowlight_cli.cli.reporter import Reporter
from lowlight_cli.detection.choices import Link
from lowlight_cli.detection.export import Labelled, picture_path
from lowlight_cli.detection.preparation import Preparation
from lowlight_cli.errors import ImageError
from lowlight_cli.images.choices import FramesPolicy
from lowlight_cli.images.settings import ReadSettings, WriteSettings
from lowlight_cli.models.controls import Controls
from lowlight_cli.pipeline.enhance import enhance_plan
from lowlight_cli.pipeline.file_stat import file_stat
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.report import ALL_FAILED, SOME_FAILED, Row
from lowlight_cli.pipeline.request import EnhanceRequest, OutputOptions
from lowlight_cli.pipeline.settings import EnhanceSettings, StopSettings

if TYPE_CHECKING:
    from lowlight_cli.cli.detect_prep_run import Order


def enhance_all(order: "Order", prepared: Preparation) -> int:
    """Enhances every picture into its place, resumable like ``lle enhance``.

    Args:
        order: What is wanted.
        prepared: The data set.

    Returns:
        The exit code of the run.
    """
    root = order.roots.made
    if root is None:
        return 0
    jobs = tuple(_job(each, root, order.form) for each in prepared.pictures)
    reporter = Reporter(order.settings)
    report = enhance_plan(Plan(jobs, root), _request(order), reporter)
    reporter.end(report, report.exit_code)
    return report.exit_code


def _request(order: "Order") -> EnhanceRequest:
    chosen = order.chosen
    controls = Controls(**{name: chosen[name] for name in ("contrast", "brightness", "texture")})
    look = {name: chosen[name] for name in ("model", "preset", "checkpoint", "strength", "reference", "seed")}
    speed = {name: chosen[name] for name in ("device", "precision", "batch_size", "tile", "tile_overlap")}
    settings = EnhanceSettings(
        **look,
        **speed,
        workers=chosen["workers"],
        controls=controls,
        read=ReadSettings(frames=FramesPolicy.FIRST),
        write=WriteSettings(quality=chosen["quality"]),
        stop=StopSettings(min_free=chosen["min_free"]),
    )
    output = OutputOptions(on_exist=chosen["on_exist"], lock_timeout_s=chosen["lock_timeout"])
    return EnhanceRequest(output=output, settings=settings)


def _job(labelled: Labelled, root: Path, form: str) -> Job:
    source = labelled.sample.image
    target = root / picture_path(form, labelled)
    return Job(source, target, relative=Path(labelled.sample.name), stat=file_stat(source))


def darken_all(order: "Order", prepared: Preparation) -> int:
    """Darkens every picture into its place; what an earlier run of the same terms made stays.

    Args:
        order: What is wanted.
        prepared: The data set.

    Returns:
        The exit code: 0, or 3 or 4 where some or all pictures failed.
    """
    from lowlight_cli.detection.choices import parse_strength
    from lowlight_cli.detection.dark_book import DarkBook
    from lowlight_cli.images.decode import decode
    from lowlight_cli.images.encode import encode

    root = order.roots.made
    if root is None:
        return 0
    strength = parse_strength(order.chosen["darken_strength"])
    method, checkpoint = order.chosen["darken_by"], order.chosen["checkpoint"]
    used = None if method is Method.PHYSICAL else checkpoint
    darkener, terms = make_darkening(method, strength, order.chosen["seed"], checkpoint=used)
    book = DarkBook(root, json.dumps(terms, sort_keys=True))
    failed = 0
    with Progress(len(prepared.pictures), order.settings) as progress:
        for each in prepared.pictures:
            target = root / picture_path(order.form, each)
            if book.holds(target, each.sample.image):
                progress.tell(Row(each.sample.image, target, "skipped"))
                continue
            try:
                picture = decode(each.sample.image, ReadSettings(frames=FramesPolicy.FIRST))
                encode(picture.with_pixels([darkener(picture.pixels, each.sample.name)]), target)
                book.note(target, each.sample.image)
                progress.tell(Row(each.sample.image, target, "ok"))
            except ImageError as error:
                failed += 1
                progress.tell(Row(each.sample.image, target, "failed", error.code, str(error)))
    return 0 if not failed else ALL_FAILED if failed == len(prepared.pictures) else SOME_FAILED


def place_originals(order: "Order", prepared: Preparation, pictures: Sequence[Labelled]) -> None:
    """Puts the originals of the pictures that were made into their place.

    Args:
        order: What is wanted.
        prepared: The data set, with the sizes as stored.
        pictures: Those to place.

    Raises:
        ImageError: One cannot be read or written.
    """
    root = order.roots.original
    if root is None:
        return
    from lowlight_cli.detection.originals import place_original

    ready = {
        each.file: stored.orientation == 1 and Path(each.file).suffix == each.sample.image.suffix
        for each, stored in zip(prepared.pictures, prepared.stored, strict=True)
    }
    link = Link(order.chosen["link"])
    placed = 0
    for each in pictures:
        target = root / picture_path(order.form, each)
        placed += place_original(each.sample.image, target, link, is_ready=ready[each.file])
    say(f"originals: {len(pictures)} in place, {placed} of them new", quiet=order.settings.quiet)
