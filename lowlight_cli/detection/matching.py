"""Which detections hit: the greedy matching of COCO at one overlap, and average precision from it.

Source: Lin et al., "Microsoft COCO", 2014, and its evaluation code's documentation: precision is read at 101
recalls; a box marked as crowd, or as difficult, counts for nobody and may be hit by many.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lowlight_cli.detection.boxes import Box, overlap_of
from lowlight_cli.detection.predictions import Detection, Truth

RECALLS = np.linspace(0.0, 1.0, 101)
MOST_DETECTIONS = 100
"""For each class of a picture; the surest are taken."""


@dataclass(frozen=True, slots=True)
class Hits:
    """One class of one picture.

    Attributes:
        scores: Of the detections that count, falling.
        hit: Whether each hit a box.
        wanted: Boxes to be found.
    """

    scores: NDArray[np.float64]
    hit: NDArray[np.bool_]
    wanted: int


def match(truth: Truth, detections: Sequence[Detection], label: int, overlap: float) -> Hits:
    """Matches the detections of one class with the boxes of one picture, the surest first.

    Args:
        truth: The picture.
        detections: All of its detections.
        label: Index of the class.
        overlap: Intersection over union from which a box is hit.
    """
    mine = sorted((each for each in detections if each.box.label == label), key=lambda each: -each.score)
    mine = mine[:MOST_DETECTIONS]
    boxes = [box for box in truth.boxes if box.label == label]
    boxes.sort(key=_is_free)
    free = [_is_free(box) for box in boxes]
    taken = [False] * len(boxes)
    scores, hits = [], []
    for detection in mine:
        best = _best(detection.box, boxes, free, taken, overlap)
        if best is not None and free[best]:
            continue
        if best is not None:
            taken[best] = True
        scores.append(detection.score)
        hits.append(best is not None)
    return Hits(np.array(scores, np.float64), np.array(hits, np.bool_), free.count(False))


def _is_free(box: Box) -> bool:
    return box.crowd or box.difficult


def _best(
    found: Box, boxes: Sequence[Box], free: Sequence[bool], taken: Sequence[bool], overlap: float
) -> int | None:
    """Index of the box that overlaps most; one that counts goes before one that does not."""
    best, reached = None, min(overlap, 1 - 1e-10)
    for index, box in enumerate(boxes):
        if taken[index] and not free[index]:
            continue
        if best is not None and not free[best] and free[index]:
            break
        shared = overlap_of(found, box, of_first=free[index])
        if shared >= reached:
            best, reached = index, shared
    return best


@dataclass(frozen=True, slots=True)
class ClassHits:
    """One class over all pictures, by falling score.

    Attributes:
        picture: Index of the picture of each detection.
        hit: Whether each hit a box.
        wanted: Boxes to be found in each picture.
    """

    picture: NDArray[np.intp]
    hit: NDArray[np.bool_]
    wanted: NDArray[np.int64]

    def average_precision(self, weights: NDArray[np.int64] | None = None) -> float | None:
        """Average precision; None where there is nothing to find.

        Args:
            weights: How often each picture counts; once if not given.
        """
        weights = np.ones(len(self.wanted), np.int64) if weights is None else weights
        wanted = int(weights @ self.wanted)
        if not wanted:
            return None
        counts = weights[self.picture]
        hits, drawn = np.cumsum(counts * self.hit), np.cumsum(counts)
        precision = hits / np.maximum(drawn, 1)
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        places = np.searchsorted(hits / wanted, RECALLS, side="left")
        return float(precision[places[places < len(precision)]].sum() / len(RECALLS))


def joined(parts: Sequence[Hits]) -> ClassHits:
    """Puts the pictures together.

    Args:
        parts: At least one: what one class of each picture came to, in the order of the pictures.
    """
    scores = np.concatenate([part.scores for part in parts])
    order = np.argsort(-scores, kind="mergesort")
    picture = np.repeat(np.arange(len(parts)), [len(part.scores) for part in parts])
    hit = np.concatenate([part.hit for part in parts])
    return ClassHits(picture[order], hit[order], np.array([part.wanted for part in parts], np.int64))
