"""A dataset as read -> images with valid boxes, assigned to splits, and a count of all changes."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from lowlight_cli.detection.collection import AnnotationError, BoxSpace, Collection, Sample
from lowlight_cli.detection.exdark import OFFICIAL_COUNTS
from lowlight_cli.detection.exif_orientation import StoredSize, upright_boxes
from lowlight_cli.detection.export import LabelledImage, file_names
from lowlight_cli.detection.label_rules import check_size, clean_boxes
from lowlight_cli.detection.splits import KEEP, assigned
from lowlight_cli.errors import ImageError


@dataclass(frozen=True, slots=True)
class Changes:
    """How many boxes and images were changed or removed; the names are keys of the report.

    Attributes:
        clipped: Boxes clipped to their image.
        empty: Boxes removed because they cover nothing.
        repeated: Boxes removed because another one is equal.
        turned: Images rotated by their EXIF orientation.
        guessed: Rotated images whose annotation does not tell which pixels its boxes refer to.
    """

    clipped: int = 0
    empty: int = 0
    repeated: int = 0
    turned: int = 0
    guessed: int = 0


@dataclass(frozen=True, slots=True)
class PreparedLabels:
    """A dataset ready to be written.

    Attributes:
        images: Usable images, in the order of the collection.
        stored: Size of each image as stored, in the same order.
        classes: Names by index.
        changes: What was changed.
        errors: Images and annotations that cannot be used, and why.
    """

    images: tuple[LabelledImage, ...]
    stored: tuple[StoredSize, ...]
    classes: tuple[str, ...]
    changes: Changes
    errors: tuple[AnnotationError, ...]


def prepare_labels(
    collection: Collection,
    measure: Callable[[Sample], StoredSize],
    *,
    split: str = KEEP,
    seed: int = 0,
    space: BoxSpace | None = None,
    keep_unlabelled: bool = False,
    limit: int | None = None,
) -> PreparedLabels:
    """Fits every box to its upright image, and assigns images to splits.

    Args:
        collection: The dataset as read.
        measure: Returns the size of a sample's image as stored; may raise ``ImageError``.
        split: ``keep``, ``official``, or shares such as ``8:1:1``.
        seed: Random seed of shares.
        space: The pixels that boxes refer to; None takes the rule of the dataset's format.
        keep_unlabelled: Whether images without annotation count as images without objects.
        limit: Most images of each split; None takes all.

    Raises:
        UsageError: The split is not valid, or not possible for this dataset.
    """
    samples = list(collection.samples)
    if keep_unlabelled:
        samples += collection.without_annotation
    counts: Counter[str] = Counter()
    errors = list(collection.errors)
    usable: list[tuple[Sample, StoredSize]] = []
    for sample in _limited(assigned(samples, split, seed), limit):
        try:
            usable.append(_cleaned(sample, measure, space or collection.space, counts))
        except AnnotationError as error:
            errors.append(error)
        except ImageError as error:
            errors.append(AnnotationError(str(sample.image), str(error)))
    names = file_names([sample for sample, _ in usable])
    images = tuple(
        LabelledImage(sample, name, stored.upright, sample.boxes)
        for (sample, stored), name in zip(usable, names, strict=True)
    )
    stored_sizes = tuple(stored for _, stored in usable)
    return PreparedLabels(images, stored_sizes, collection.classes, Changes(**counts), tuple(errors))


def _cleaned(
    sample: Sample, measure: Callable[[Sample], StoredSize], space: BoxSpace, counts: Counter[str]
) -> tuple[Sample, StoredSize]:
    """A sample with clean boxes in upright pixels, and its size as stored; adds changes to ``counts``."""
    stored = measure(sample)
    width, height = stored.upright
    check_size(str(sample.image), width, height)
    placed = upright_boxes(sample, stored, space)
    clean = clean_boxes(placed.boxes, width, height)
    counts.update(
        clipped=clean.clipped,
        empty=clean.empty,
        repeated=clean.repeated,
        turned=int(stored.orientation != 1),
        guessed=int(placed.is_guess),
    )
    return replace(sample, boxes=clean.boxes, relative=False), stored


def _limited(samples: Iterable[Sample], limit: int | None) -> list[Sample]:
    counts: Counter[str | None] = Counter()
    kept = []
    for sample in samples:
        counts[sample.split] += 1
        if limit is None or counts[sample.split] <= limit:
            kept.append(sample)
    return kept


def official_shortfall(images: Sequence[LabelledImage]) -> dict[str, tuple[int, int]]:
    """Splits that differ from the official ExDark split: number of images, and official number."""
    counts = Counter(each.split for each in images)
    return {
        split: (counts[split], official)
        for split, official in OFFICIAL_COUNTS.items()
        if counts[split] != official
    }


def stated_size(sample: Sample) -> StoredSize:
    """The size that an annotation states, for use without the image.

    Raises:
        AnnotationError: It states none.
    """
    if sample.stated_size is None:
        raise AnnotationError(str(sample.annotation or sample.image), "the annotation states no image size")
    return StoredSize(*sample.stated_size)
