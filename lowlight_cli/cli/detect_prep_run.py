"""One run of ``lle detect-prep``, from its options to its exit code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from lowlight_cli.cli.detect_prep_images import darken_all, enhance_all, place_originals
from lowlight_cli.cli.detect_prep_messages import show_plan, tell_changes, tell_found
from lowlight_cli.cli.detection_sources import measured, names_from
from lowlight_cli.cli.global_options import GlobalSettings, settings_of
from lowlight_cli.cli.progress import say
from lowlight_cli.cli.reporter import emit
from lowlight_cli.detection.choices import SpaceChoice, Variant, parse_strength
from lowlight_cli.detection.collection import AnnotationError, BoxSpace, Collection
from lowlight_cli.detection.data_report import write_reports
from lowlight_cli.detection.detect_format import read_collection
from lowlight_cli.detection.export import Labelled, export_labels, put
from lowlight_cli.detection.placed_files import add_to_book, remove_stale
from lowlight_cli.detection.preparation import Preparation, by_stated_size, prepare
from lowlight_cli.detection.variants import Roots, expected_files, roots_of
from lowlight_cli.errors import ImageError, OutputError, UsageError
from lowlight_cli.images.codecs.header import read_header
from lowlight_cli.pipeline.report import ALL_FAILED, SOME_FAILED
from lowlight_cli.reports.detection_page import detection_page


@dataclass(frozen=True, slots=True)
class Order:
    """A data set to be made.

    Attributes:
        chosen: Value of each option, by the name of its parameter.
        out: Place of the result.
        roots: Top folders of its kinds of pictures.
        form: Of the export.
        settings: Of the global options.
    """

    chosen: Mapping[str, Any]
    out: Path
    roots: Roots
    form: str
    settings: GlobalSettings


def prepare_set(context: typer.Context, chosen: Mapping[str, Any]) -> int:
    """Prepares what the options name.

    Args:
        context: Of the command.
        chosen: Value of each option, by the name of its parameter.

    Returns:
        The exit code.

    Raises:
        LowlightError: Nothing could be begun.
    """
    _check_together(chosen)
    order = _order(chosen, settings_of(context))
    found = _read(chosen)
    prepared = _prepared(found, chosen)
    tell_found(found, prepared, order.settings)
    if chosen["strict"] and prepared.errors:
        raise AnnotationError(str(chosen["source"]), f"{len(prepared.errors)} annotations cannot be used")
    if chosen["dry_run"]:
        show_plan(prepared, order.roots, order.form)
        return 0
    if not prepared.pictures:
        say("lle: error: no picture can be used", error=True)
        return ALL_FAILED
    return _make(order, found, prepared)


def _make(order: Order, found: Collection, prepared: Preparation) -> int:
    """Pictures first, labels last: a result without labels was not finished."""
    pictures, code = list(prepared.pictures), 0
    try:
        if not order.chosen["labels_only"]:
            add_to_book(order.out, expected_files(order.out, order.roots, order.form, pictures))
            code = _make_pictures(order, prepared)
            if code not in (0, SOME_FAILED):
                return code
            pictures = [each for each in pictures if _is_made(each, order)]
            place_originals(order, prepared, pictures)
        files = [_export(order, root, pictures, prepared.classes) for root in order.roots.all]
        remove_stale(order.out, expected_files(order.out, order.roots, order.form, pictures))
        tell_changes(prepared, order.settings)
        done = replace(prepared, pictures=tuple(pictures))
        document = write_reports(order.out, found, done, order.roots, order.form)
        _write_page(order.out, document)
    except ImageError as error:
        raise OutputError(str(error)) from error
    for file in files:
        if not order.settings.quiet:
            emit(file)
    return SOME_FAILED if prepared.errors or len(pictures) < len(prepared.pictures) else code


def _make_pictures(order: Order, prepared: Preparation) -> int:
    if order.roots.made is None:
        return 0
    make = darken_all if order.chosen["darken"] else enhance_all
    return make(order, prepared)


def _is_made(labelled: Labelled, order: Order) -> bool:
    """Whether the made picture is there and has the size that its labels are for."""
    if order.roots.made is None:
        return True
    from lowlight_cli.detection.export import picture_path

    target = order.roots.made / picture_path(order.form, labelled)
    try:
        header = read_header(target)
    except ImageError:
        return False
    if (header.width, header.height) == labelled.size and header.orientation == 1:
        return True
    say(f"failed  {target}: it has another size than its labels", error=True)
    return False


def _write_page(out: Path, document: Mapping[str, Any]) -> None:
    paths = {split: out / f"preview_{split}.jpg" for split in document["splits"]}
    previews = {split: path.read_bytes() for split, path in paths.items() if path.is_file()}
    put(out / "lle-report.html", detection_page(document, previews))


def _export(order: Order, root: Path, pictures: Sequence[Labelled], classes: Sequence[str]) -> Path:
    return export_labels(order.form, root, pictures, classes, portable=order.chosen["portable"])


def _order(chosen: Mapping[str, Any], settings: GlobalSettings) -> Order:
    out = Path(chosen["out"])
    variant = Variant.ORIGINAL if chosen["labels_only"] else chosen["variant"]
    roots = roots_of(out, variant, darkened=chosen["darken"])
    return Order(chosen, out, roots, chosen["target_form"].value, settings)


def _read(chosen: Mapping[str, Any]) -> Collection:
    form = chosen["source_form"]
    return read_collection(
        chosen["source"],
        form.value if form else None,
        names_from(chosen["classes"]),
        inclusive=chosen["voc_inclusive"],
        needs_pictures=not chosen["labels_only"],
    )


def _prepared(found: Collection, chosen: Mapping[str, Any]) -> Preparation:
    space = chosen["box_space"]
    return prepare(
        found,
        by_stated_size if chosen["labels_only"] else measured,
        split=chosen["split"],
        seed=chosen["seed"],
        space=None if space is SpaceChoice.AUTO else BoxSpace(space.value),
        keep_unlabelled=chosen["keep_unlabelled"],
        limit=chosen["limit"],
    )


def _check_together(chosen: Mapping[str, Any]) -> None:
    """Refuses options that contradict each other, and a result among the originals.

    Args:
        chosen: Value of each option, by the name of its parameter.

    Raises:
        UsageError: They do.
    """
    source, out = chosen["source"], Path(chosen["out"])
    if not source.is_dir():
        raise UsageError(f"no such folder: '{source}'")
    if out.exists() and not out.is_dir():
        raise UsageError(f"'{out}' is a file, but a folder is needed")
    if source.resolve() == out.resolve() or source.resolve().is_relative_to(out.resolve()):
        raise UsageError(f"the result would lie among the originals: '{source}' is input and output")
    if out.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"the result would be taken for input: '{out}' lies inside '{source}'")
    if chosen["labels_only"] and (chosen["darken"] or chosen["variant"] is not Variant.ENHANCED):
        raise UsageError("--labels-only makes no pictures; --variant and --darken have no effect")
    if chosen["darken"] and chosen["variant"] is Variant.ORIGINAL:
        raise UsageError("--darken makes dark pictures; --variant original leaves them out")
    parse_strength(chosen["darken_strength"])
