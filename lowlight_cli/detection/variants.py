"""Folders of a prepared dataset: one variant, or originals and processed images to compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.detection.choices import Variant
from lowlight_cli.detection.export import (
    CLASSES_FILE,
    LabelledImage,
    image_path,
    label_path,
    list_path,
    shared_files,
    splits_of,
)
from lowlight_cli.detection.files import preview_file

ORIGINAL, ENHANCED, DARK = "original", "enhanced", "dark"
"""Subfolders of a result with two variants."""


@dataclass(frozen=True, slots=True)
class Roots:
    """Top folders of the result; None for a variant that is not written.

    Attributes:
        original: Folder of originals.
        processed: Folder of enhanced or darkened images.
    """

    original: Path | None
    processed: Path | None

    @property
    def all(self) -> tuple[Path, ...]:
        """The folders that are written."""
        return tuple(root for root in (self.original, self.processed) if root is not None)


def roots_of(out: Path, variant: Variant, *, darkened: bool) -> Roots:
    """Folder of each variant: ``out`` itself, or subfolders of it if there are two.

    Args:
        out: Output folder.
        variant: Variants to write.
        darkened: Whether images are darkened, not enhanced.
    """
    if variant is Variant.BOTH:
        return Roots(out / ORIGINAL, out / (DARK if darkened else ENHANCED))
    return Roots(out, None) if variant is Variant.ORIGINAL else Roots(None, out)


def variants_in(folder: Path) -> tuple[str, ...]:
    """Names of the variants in a folder that ``lle detect-prep --variant both`` wrote; else empty."""
    found = tuple(name for name in (ORIGINAL, ENHANCED, DARK) if (folder / name / CLASSES_FILE).is_file())
    return found if ORIGINAL in found and len(found) > 1 else ()


def expected_files(out: Path, roots: Roots, format_name: str, images: Sequence[LabelledImage]) -> set[str]:
    """Files of the result except its reports, relative to ``out``, with slashes.

    Args:
        out: Output folder.
        roots: Top folders.
        format_name: Format of the result.
        images: All images.
    """
    splits = splits_of(images)
    files = {preview_file(split) for split in splits}
    for root in roots.all:
        files |= {(root / name).relative_to(out).as_posix() for name in shared_files(format_name)}
        for split in splits:
            if (listing := list_path(format_name, split)) is not None:
                files.add((root / listing).relative_to(out).as_posix())
        for each in images:
            path = image_path(format_name, each)
            files.add((root / path).relative_to(out).as_posix())
            if (label := label_path(format_name, each)) is not None:
                files.add((root / label).relative_to(out).as_posix())
    return files
