"""Folders of a prepared dataset: one variant, or originals and processed images to compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.detection.choices import Variant
from lowlight_cli.detection.export import LabelledImage, image_path, label_path


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
        return Roots(out / "original", out / ("dark" if darkened else "enhanced"))
    return Roots(out, None) if variant is Variant.ORIGINAL else Roots(None, out)


def expected_files(out: Path, roots: Roots, format_name: str, images: Sequence[LabelledImage]) -> set[str]:
    """Images and label files of the result, relative to ``out``, with slashes.

    Args:
        out: Output folder.
        roots: Top folders.
        format_name: Format of the result.
        images: All images.
    """
    files = set()
    for root in roots.all:
        for each in images:
            path = image_path(format_name, each)
            files.add((root / path).relative_to(out).as_posix())
            if (label := label_path(format_name, each)) is not None:
                files.add((root / label).relative_to(out).as_posix())
    return files
