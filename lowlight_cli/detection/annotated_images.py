"""Collects the annotations of a dataset, at most one for each image."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from lowlight_cli.detection.collection import AnnotationError, BoxSpace, Collection, Sample
from lowlight_cli.detection.image_index import AmbiguousImageError


class AnnotatedImages:
    """Images with their annotations, while a dataset is read.

    An image is left out if an annotation of it is invalid, or if two annotations of it differ: a detector
    would learn wrong boxes.

    Args:
        images: All images of the dataset.
        split_of: Split of an image that has no annotation; None if it is not known.

    Attributes:
        errors: Annotations that cannot be used, in the order in which they were read.
    """

    def __init__(
        self, images: Sequence[Path], split_of: Callable[[Path], str | None] = lambda path: None
    ) -> None:
        self.errors: list[AnnotationError] = []
        self._images = images
        self._split_of = split_of
        self._samples: dict[Path, Sample] = {}
        self._left_out: set[Path] = set()
        self._ambiguous: set[Path] = set()
        self._missing: list[Path] = []

    def add(self, sample: Sample, key: Path | None = None) -> None:
        """Adds an annotation; of two with the same boxes the first is kept.

        Args:
            sample: The image and its boxes.
            key: Identifies an image without a file; None takes the path of the image.
        """
        key = key or sample.image
        first = self._samples.setdefault(key, sample)
        if first is sample:
            return
        if first.boxes == sample.boxes and first.stated_size == sample.stated_size:
            self._samples[key] = first if first.split else replace(first, split=sample.split)
        elif key not in self._left_out:
            message = f"'{sample.image}' has other boxes in '{first.annotation}'; it is left out"
            self.fail(AnnotationError(str(sample.annotation), message), [key])

    def fail(self, error: AnnotationError, images: Iterable[Path]) -> None:
        """Adds an annotation that cannot be used.

        Args:
            error: What is wrong.
            images: Images that it is for.
        """
        self.errors.append(error)
        self.leave_out(images)

    def fail_ambiguous(self, error: AmbiguousImageError) -> None:
        """Adds an annotation that fits several images; they do not count as unlabelled."""
        self.errors.append(error)
        self._ambiguous.update(error.images)

    def leave_out(self, images: Iterable[Path]) -> None:
        """Leaves images out, whatever other annotations they have."""
        self._left_out.update(images)

    def miss(self, annotation: Path) -> None:
        """Adds an annotation whose image is missing."""
        self._missing.append(annotation)

    def collection(
        self, format_name: str, classes: Sequence[str], space: BoxSpace, notes: Sequence[str] = ()
    ) -> Collection:
        """The dataset that was read.

        Args:
            format_name: Format of its files.
            classes: Names by index.
            space: The pixels that boxes refer to.
            notes: What a user should know about it.
        """
        samples = (sample for key, sample in self._samples.items() if key not in self._left_out)
        annotated = self._samples.keys() | self._left_out | self._ambiguous
        return Collection(
            format_name,
            tuple(classes),
            tuple(samples),
            space,
            without_image=tuple(self._missing),
            without_annotation=tuple(
                Sample(path.name, path, (), split=self._split_of(path))
                for path in self._images
                if path not in annotated
            ),
            errors=tuple(self.errors),
            notes=tuple(notes),
        )
