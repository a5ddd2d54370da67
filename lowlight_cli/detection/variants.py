"""Which kinds of pictures a prepared data set holds, and where: one kind, or two for a fair comparison."""

from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.detection.choices import Variant
from lowlight_cli.detection.export import Labelled, label_path, picture_path


@dataclass(frozen=True, slots=True)
class Roots:
    """Top folders of the result; None for a kind that is not wanted.

    Attributes:
        original: Of pictures as they were.
        made: Of enhanced pictures, or of darkened ones.
    """

    original: Path | None
    made: Path | None

    @property
    def all(self) -> tuple[Path, ...]:
        """Those that are wanted."""
        return tuple(root for root in (self.original, self.made) if root is not None)


def roots_of(out: Path, variant: Variant, *, darkened: bool) -> Roots:
    """Where each kind of pictures goes: into ``out`` itself, or into folders inside where there are two.

    Args:
        out: Place of the result.
        variant: What is wanted.
        darkened: Whether pictures are darkened and not enhanced.
    """
    if variant is Variant.BOTH:
        return Roots(out / "original", out / ("dark" if darkened else "enhanced"))
    return Roots(out, None) if variant is Variant.ORIGINAL else Roots(None, out)


def expected_files(out: Path, roots: Roots, form: str, pictures: list[Labelled]) -> set[str]:
    """Pictures and their own label files that belong into the result, relative to ``out``, with slashes.

    Args:
        out: Place of the result.
        roots: Top folders.
        form: Of the export.
        pictures: All of them.
    """
    files = set()
    for root in roots.all:
        for each in pictures:
            path = picture_path(form, each)
            files.add((root / path).relative_to(out).as_posix())
            if (label := label_path(form, each)) is not None:
                files.add((root / label).relative_to(out).as_posix())
    return files
