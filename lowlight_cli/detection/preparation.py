"""A data set as found -> pictures with settled boxes, in their splits, and everything that was changed."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from lowlight_cli.datasets.name_draws import drawn_bits
from lowlight_cli.detection.collection import SPLITS, AnnotationError, BoxSpace, Collection, Sample
from lowlight_cli.detection.exdark import OFFICIAL_COUNTS
from lowlight_cli.detection.exif_orientation import StoredSize, upright_boxes
from lowlight_cli.detection.export import Labelled, file_names
from lowlight_cli.detection.label_rules import check_size, settle
from lowlight_cli.errors import ImageError, UsageError

KEEP, OFFICIAL = "keep", "official"


@dataclass(frozen=True, slots=True)
class Changes:
    """How much of a data set had to be changed or left out; numbers of boxes, else of pictures.

    Attributes:
        clipped: Boxes cut at the border of their picture.
        empty: Boxes left out, since they cover nothing.
        repeated: Boxes left out, since another is equal.
        turned: Pictures that EXIF orientation turns.
        guessed: Those of them whose annotation left open which way up it is.
    """

    clipped: int = 0
    empty: int = 0
    repeated: int = 0
    turned: int = 0
    guessed: int = 0


@dataclass(frozen=True, slots=True)
class Preparation:
    """A data set that is ready to be written.

    Attributes:
        pictures: Those that can be used, in the order of the collection.
        stored: Size of each as stored, in the same order.
        classes: Names by index.
        changes: What was changed.
        errors: Pictures and annotations that cannot be used, and why.
    """

    pictures: tuple[Labelled, ...]
    stored: tuple[StoredSize, ...]
    classes: tuple[str, ...]
    changes: Changes
    errors: tuple[AnnotationError, ...]


def prepare(
    collection: Collection,
    measure: Callable[[Sample], StoredSize],
    *,
    split: str = KEEP,
    seed: int = 0,
    space: BoxSpace | None = None,
    keep_unlabelled: bool = False,
    limit: int | None = None,
) -> Preparation:
    """Settles every box and deals the pictures out.

    Args:
        collection: What was read.
        measure: Gives the size of a sample's picture as stored; may raise ``ImageError``.
        split: ``keep``, ``official``, or shares like ``8:1:1``.
        seed: For shares.
        space: Which way up boxes are; None takes what the form of the data set says.
        keep_unlabelled: Whether pictures without annotation count as pictures without objects.
        limit: Number of pictures of each split at most.

    Raises:
        UsageError: The split makes no sense for this data set.
    """
    samples = list(collection.samples)
    if keep_unlabelled:
        samples += [Sample(path.name, path, ()) for path in collection.without_annotation]
    dealt = _limited(_dealt(samples, split, seed), limit)
    counts: Counter[str] = Counter()
    errors = list(collection.errors)
    usable: list[tuple[Sample, StoredSize]] = []
    for sample in dealt:
        try:
            usable.append(_settled(sample, measure, space or collection.space, counts))
        except AnnotationError as error:
            errors.append(error)
        except ImageError as error:
            errors.append(AnnotationError(str(sample.image), str(error)))
    names = file_names([sample for sample, _ in usable])
    pictures = tuple(
        Labelled(sample, name, stored.upright, sample.boxes)
        for (sample, stored), name in zip(usable, names, strict=True)
    )
    stored_sizes = tuple(stored for _, stored in usable)
    return Preparation(pictures, stored_sizes, collection.classes, Changes(**counts), tuple(errors))


def _settled(
    sample: Sample, measure: Callable[[Sample], StoredSize], space: BoxSpace, counts: Counter[str]
) -> tuple[Sample, StoredSize]:
    """A sample with settled boxes in upright pixels; what was changed goes to ``counts``."""
    stored = measure(sample)
    width, height = stored.upright
    check_size(str(sample.image), width, height)
    placed = upright_boxes(sample, stored, space)
    done = settle(placed.boxes, width, height)
    counts.update(
        clipped=done.clipped,
        empty=done.empty,
        repeated=done.repeated,
        turned=int(stored.orientation != 1),
        guessed=int(placed.is_guess),
    )
    return replace(sample, boxes=done.boxes, relative=False), stored


def _dealt(samples: Sequence[Sample], split: str, seed: int) -> tuple[Sample, ...]:
    if split == KEEP:
        return as_given(samples)
    if split == OFFICIAL:
        unknown = [sample.name for sample in samples if sample.split is None]
        if unknown:
            raise UsageError(
                f"{len(unknown)} pictures are in no official split, the first is '{unknown[0]}'; "
                "is imageclasslist.txt there? --split keep or 8:1:1 would do without"
            )
        return tuple(samples)
    return by_shares(samples, parse_shares(split), seed)


def _limited(samples: Iterable[Sample], limit: int | None) -> list[Sample]:
    counts: Counter[str | None] = Counter()
    kept = []
    for sample in samples:
        counts[sample.split] += 1
        if limit is None or counts[sample.split] <= limit:
            kept.append(sample)
    return kept


def official_shortfall(pictures: Sequence[Labelled]) -> dict[str, tuple[int, int]]:
    """Splits of ExDark without the official number of pictures: how many there are, and should be."""
    counts = Counter(each.split for each in pictures)
    return {
        split: (counts[split], wanted) for split, wanted in OFFICIAL_COUNTS.items() if counts[split] != wanted
    }


def by_stated_size(sample: Sample) -> StoredSize:
    """The size that an annotation states, where the picture itself is not at hand.

    Raises:
        AnnotationError: It states none.
    """
    if sample.stated_size is None:
        raise AnnotationError(str(sample.annotation or sample.image), "it states no size")
    return StoredSize(*sample.stated_size)


def parse_shares(text: str) -> tuple[float, float, float]:
    """Shares of train, val and test from ``8:1:1``; they add up to 1.

    Raises:
        UsageError: Not two or three numbers from 0 with a positive sum.
    """
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if len(parts) not in (2, 3) or min(parts) < 0 or not 0 < sum(parts) < float("inf"):
        raise UsageError(f"'{text}' is no split; use keep, official, or shares like 8:1:1")
    train, val, test = [*parts, 0.0][:3]
    total = train + val + test
    return train / total, val / total, test / total


def by_shares(samples: Sequence[Sample], shares: tuple[float, float, float], seed: int) -> tuple[Sample, ...]:
    """Deals pictures out by their names, so that adding some moves no other.

    Args:
        samples: Pictures; the order does not count.
        shares: Of train, val and test.
        seed: Another seed deals another hand.
    """
    borders = (shares[0], shares[0] + shares[1])

    def split_of(sample: Sample) -> str:
        place = drawn_bits(sample.name, seed, 8) / 2**64
        return SPLITS[sum(place >= border for border in borders)] if place < 1 else SPLITS[0]

    return tuple(replace(sample, split=split_of(sample)) for sample in samples)


def as_given(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Pictures with the split they came with; those without one are for training."""
    return tuple(sample if sample.split else replace(sample, split="train") for sample in samples)
