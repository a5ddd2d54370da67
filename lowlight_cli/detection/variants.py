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
"""Kinds of images, and subfolders of a result with two variants."""

LABELS = "labels"
"""Kind of the files that are no images to train on: labels, lists, class names and previews."""


@dataclass(frozen=True, slots=True)
class Roots:
    """Top folders of the result; None for a variant that is not written.

    Attributes:
        original: Folder of originals.
        processed: Folder of enhanced or darkened images.
        darkened: Whether images are darkened, not enhanced.
    """

    original: Path | None
    processed: Path | None
    darkened: bool = False

    @property
    def all(self) -> tuple[Path, ...]:
        """The folders that are written."""
        return tuple(root for root in (self.original, self.processed) if root is not None)

    def kind(self, root: Path) -> str:
        """Kind of the images in one of the folders."""
        return ORIGINAL if root == self.original else DARK if self.darkened else ENHANCED


def roots_of(out: Path, variant: Variant, *, darkened: bool) -> Roots:
    """Folder of each variant: ``out`` itself, or subfolders of it if there are two.

    Args:
        out: Output folder.
        variant: Variants to write.
        darkened: Whether images are darkened, not enhanced.
    """
    if variant is Variant.BOTH:
        return Roots(out / ORIGINAL, out / (DARK if darkened else ENHANCED), darkened)
    return Roots(out, None) if variant is Variant.ORIGINAL else Roots(None, out, darkened)


def variants_in(folder: Path) -> tuple[str, ...]:
    """Names of the variants in a folder that ``lle detect-prep --variant both`` wrote; else empty."""
    found = tuple(name for name in (ORIGINAL, ENHANCED, DARK) if (folder / name / CLASSES_FILE).is_file())
    return found if ORIGINAL in found and len(found) > 1 else ()


def expected_files(
    out: Path, roots: Roots, format_name: str, images: Sequence[LabelledImage], *, has_images: bool
) -> dict[str, str]:
    """The kind of each file of the result except its reports, by its path relative to ``out``, with slashes.

    Args:
        out: Output folder.
        roots: Top folders.
        format_name: Format of the result.
        images: All images.
        has_images: Whether the result has images, not only labels.
    """
    splits = splits_of(images)
    listed = [path for split in splits if (path := list_path(format_name, split)) is not None]
    labels = [path for each in images if (path := label_path(format_name, each)) is not None]
    texts = [*map(Path, shared_files(format_name)), *listed, *labels]
    files = dict.fromkeys(map(preview_file, splits), LABELS)
    for root in roots.all:
        files |= {(root / path).relative_to(out).as_posix(): LABELS for path in texts}
        places = [image_path(format_name, each) for each in images] if has_images else []
        files |= {(root / path).relative_to(out).as_posix(): roots.kind(root) for path in places}
    return files
