"""What ``lle detect-prep`` says: what was found, what was changed, what would be done."""

from collections import Counter

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import say, shown
from lowlight_cli.cli.reporter import emit
from lowlight_cli.detection.collection import SPLITS, Collection
from lowlight_cli.detection.export import picture_path
from lowlight_cli.detection.preparation import Preparation, official_shortfall
from lowlight_cli.detection.variants import Roots

_NAMED = 3
"""Files that are named where there may be thousands."""


def tell_found(found: Collection, prepared: Preparation, settings: GlobalSettings) -> None:
    """Says what the source holds, and names what cannot be used.

    Args:
        found: The source.
        prepared: What can be made of it.
        settings: Of the global options; failures are told in any case.
    """
    for error in prepared.errors:
        say(f"failed  {error}", error=True)
    boxes = sum(len(each.boxes) for each in prepared.pictures)
    counts = Counter(each.split for each in prepared.pictures)
    splits = ", ".join(f"{split} {counts[split]:,}" for split in SPLITS if counts[split])
    size = f"{len(prepared.pictures):,} pictures, {boxes:,} boxes, {len(prepared.classes)} classes"
    say(f"{found.form}: {size}; {splits or 'nothing'}", quiet=settings.quiet)
    labels = Counter(box.label for each in prepared.pictures for box in each.boxes)
    words = ", ".join(f"{name} {labels[index]:,}" for index, name in enumerate(prepared.classes))
    say(f"boxes: {words}", quiet=settings.quiet)
    _warn_of_files("annotations without picture", [str(path) for path in found.without_image], settings)
    _warn_of_files("pictures without annotation", [str(path) for path in found.without_annotation], settings)
    if found.form == "exdark" and (short := official_shortfall(prepared.pictures)):
        text = ", ".join(f"{split} {there:,} of {wanted:,}" for split, (there, wanted) in short.items())
        say(f"lle: warning: not the whole of ExDark: {text}", quiet=settings.quiet)


def tell_changes(prepared: Preparation, settings: GlobalSettings) -> None:
    """Says how much was changed, where anything was."""
    changes = prepared.changes
    parts = {
        "boxes clipped to their picture": changes.clipped,
        "empty boxes left out": changes.empty,
        "repeated boxes left out": changes.repeated,
        "pictures turned upright by EXIF": changes.turned,
        "of them with boxes that may lie either way (--box-space decides)": changes.guessed,
    }
    text = ", ".join(f"{count:,} {words}" for words, count in parts.items() if count)
    if text:
        say(f"changed: {text}", quiet=settings.quiet)


def show_plan(prepared: Preparation, roots: Roots, form: str) -> None:
    """Prints where each picture would go.

    Args:
        prepared: The data set.
        roots: Top folders of the result.
        form: Of the export.
    """
    for root in roots.all:
        for each in prepared.pictures:
            target = root / picture_path(form, each)
            count = "1 box" if len(each.boxes) == 1 else f"{len(each.boxes)} boxes"
            emit(f"{shown(each.sample.image)} -> {shown(target)}  {count}")


def _warn_of_files(words: str, names: list[str], settings: GlobalSettings) -> None:
    if names:
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        listed = ", ".join(f"'{name}'" for name in names[:_NAMED])
        say(f"lle: warning: {len(names):,} {words}: {listed}{more}", quiet=settings.quiet)
