"""Where results go: into a folder, into one file, or beside the inputs if no output was named."""

import os
import re
from dataclasses import replace
from pathlib import Path

from lowlight_cli.errors import UsageError
from lowlight_cli.images.formats import FORMATS, format_of, written_names
from lowlight_cli.pipeline.naming import TEMPLATE, Naming
from lowlight_cli.pipeline.scan import Selection

RESULT_SUFFIX = "_enhanced"
"""Added to the name of a file or folder whose results go beside it."""

_FILE_ENDING = re.compile(r"\.[a-z]{2,5}", re.IGNORECASE)
"""An ending that reads as that of a file: ``new.xyz``, but not ``2026.11`` or ``photos.v2``."""


def place_of(out: str) -> Path:
    """Path of the output; ``new/../photos`` is ``photos`` even if ``new`` does not exist yet."""
    place = Path(out)
    ups = (index for index, part in enumerate(place.parts) if part == "..")
    has_missing_parent = any(not Path(*place.parts[:index]).exists() for index in ups if index)
    return place.resolve() if has_missing_parent else place


def is_folder(out: str, *, is_single: bool) -> bool:
    """Whether the output is a folder; else it is the file to write.

    It is one if it exists as one, ends in a slash, or does not end like a file.

    Args:
        out: The output as it was given.
        is_single: Whether the input is a single image.

    Raises:
        UsageError: It is or names a file, and the inputs need a folder.
    """
    place = place_of(out)
    if place.is_dir():
        return True
    names_file = not out.endswith(("/", "\\")) and _ends_like_file(place, is_single=is_single)
    if names_file and is_single:
        return False
    if place.exists():
        raise UsageError(f"'{out}' is a file, but an output folder is needed")
    if names_file:
        raise UsageError(f"'{out}' names a file, but an output folder is needed; write '{out}/' for a folder")
    return True


def _ends_like_file(place: Path, *, is_single: bool) -> bool:
    """Whether a name has the ending of an image; for a single image, any ending that reads as a file's."""
    if format_of(place) is not None or _is_other_image(place):
        return True
    return is_single and bool(_FILE_ENDING.fullmatch(place.suffix))


def _is_other_image(place: Path) -> bool:
    """Whether the ending is that of an image format that only Pillow knows."""
    if not place.suffix:
        return False
    # Not needed for most runs, and slow to import.
    from PIL import Image

    return place.suffix.lower() in Image.registered_extensions()


def file_target(target: Path, naming: Naming) -> Path:
    """The output file.

    Args:
        target: Path with an ending.
        naming: How results are named.

    Raises:
        UsageError: Its format is unknown or cannot be written, or it contradicts an option.
    """
    named = format_of(target)
    if named is None and not _is_other_image(target):
        raise UsageError(
            f"cannot tell the format of '{target}'; use {written_names('.')}, or '{target}/' for a folder"
        )
    if named is None or not FORMATS[named].is_written:
        raise UsageError(f"{target.suffix[1:].upper()} is not written; use {written_names()}")
    if naming.format_name not in (None, named):
        raise UsageError(f"'{target}' is {named}, but --format is {naming.format_name}; change one of them")
    if naming.suffix or naming.template != TEMPLATE:
        raise UsageError(f"'{target}' already names the output; --suffix and --name are for output folders")
    return target


def default_folder(folder: Path) -> str:
    """Output folder for the images of a folder: ``photos_enhanced`` beside ``photos``.

    Args:
        folder: Folder of inputs; ``.`` and ``..`` work, too.

    Raises:
        UsageError: It has no name, or holds results.
    """
    absolute = folder.resolve() if folder.name in ("", "..") else folder.absolute()
    if not absolute.name:
        raise UsageError("no output given; add -o FOLDER")
    if absolute.name.endswith(RESULT_SUFFIX):
        raise UsageError(
            f"'{folder}' holds results, as its name ends in {RESULT_SUFFIX}; add -o FOLDER to enhance them"
        )
    place = absolute.with_name(absolute.name + RESULT_SUFFIX)
    return str(place) if folder.is_absolute() else os.path.relpath(place)


def without_results(selection: Selection) -> Selection:
    """The selection without results that an earlier run put beside their inputs."""
    patterns = (f"*{RESULT_SUFFIX}", f"*{RESULT_SUFFIX}.*")
    return replace(selection, exclude=(*selection.exclude, *patterns))


def beside(naming: Naming) -> Naming:
    """How results are named that go beside their inputs.

    Raises:
        UsageError: The names come from a template.
    """
    if naming.template != TEMPLATE:
        raise UsageError("--name is for output folders; add -o FOLDER")
    return replace(naming, suffix=naming.suffix or RESULT_SUFFIX)


def is_result(path: Path, naming: Naming) -> bool:
    """Whether the name of a file is that of a result beside its input."""
    return path.stem.endswith((RESULT_SUFFIX, naming.suffix or RESULT_SUFFIX))
