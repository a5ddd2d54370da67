"""COCO's greedy matching of detections and boxes at one IoU, and average precision from it.

Source: Lin et al., "Microsoft COCO", 2014, and the documentation of its evaluation code: precision is sampled
at 101 recalls; boxes marked as crowd or difficult are ignored and may match several detections.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lowlight_cli.detection.boxes import Box, overlap_of
from lowlight_cli.detection.predictions import Detection, GroundTruth

RECALLS = np.linspace(0.0, 1.0, 101)
MOST_DETECTIONS = 100
"""Per class and image; those of the highest score are kept."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Matches of one class in one image.

    Attributes:
        scores: Scores of the detections that count, descending.
        hit: Whether each detection matches a box.
        positives: Number of boxes to find.
    """

    scores: NDArray[np.float64]
    hit: NDArray[np.bool_]
    positives: int


def match(truth: GroundTruth, detections: Sequence[Detection], label: int, overlap: float) -> Hits:
    """Matches the detections of one class with the boxes of one image, in order of falling score.

    Args:
        truth: The image with its boxes.
        detections: All detections in it.
        label: Index of the class.
        overlap: Smallest IoU of a match.
    """
    of_class = sorted((each for each in detections if each.box.label == label), key=lambda each: -each.score)
    of_class = of_class[:MOST_DETECTIONS]
    boxes = [box for box in truth.boxes if box.label == label]
    boxes.sort(key=_is_ignored)
    ignored = [_is_ignored(box) for box in boxes]
    taken = [False] * len(boxes)
    scores, hits = [], []
    for detection in of_class:
        best = _best(detection.box, boxes, ignored, taken, overlap)
        if best is not None and ignored[best]:
            continue
        if best is not None:
            taken[best] = True
        scores.append(detection.score)
        hits.append(best is not None)
    return Hits(np.array(scores, np.float64), np.array(hits, np.bool_), ignored.count(False))


def _is_ignored(box: Box) -> bool:
    return box.crowd or box.difficult


def _best(
    found: Box, boxes: Sequence[Box], ignored: Sequence[bool], taken: Sequence[bool], overlap: float
) -> int | None:
    """Index of the box with the largest IoU; ignored boxes come last."""
    best, reached = None, min(overlap, 1 - 1e-10)
    for index, box in enumerate(boxes):
        if taken[index] and not ignored[index]:
            continue
        if best is not None and not ignored[best] and ignored[index]:
            break
        shared = overlap_of(found, box, of_first=ignored[index])
        if shared >= reached:
            best, reached = index, shared
    return best


@dataclass(frozen=True, slots=True)
class ClassHits:
    """Matches of one class in all images, by falling score.

    Attributes:
        image: Index of the image of each detection.
        hit: Whether each detection matches a box.
        positives: Number of boxes to find in each image.
    """

    image: NDArray[np.intp]
    hit: NDArray[np.bool_]
    positives: NDArray[np.int64]

    def average_precision(self, weights: NDArray[np.int64] | None = None) -> float | None:
        """Average precision; None if there are no boxes to find.

        Args:
            weights: How often each image counts; None counts each once.
        """
        weights = np.ones(len(self.positives), np.int64) if weights is None else weights
        positives = int(weights @ self.positives)
        if not positives:
            return None
        counts = weights[self.image]
        hits, detections = np.cumsum(counts * self.hit), np.cumsum(counts)
        precision = hits / np.maximum(detections, 1)
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        indices = np.searchsorted(hits / positives, RECALLS, side="left")
        return float(precision[indices[indices < len(precision)]].sum() / len(RECALLS))


def join_images(parts: Sequence[Hits]) -> ClassHits:
    """Joins the matches of one class in several images.

    Args:
        parts: Matches in each image, at least one.
    """
    scores = np.concatenate([part.scores for part in parts])
    order = np.argsort(-scores, kind="mergesort")
    image = np.repeat(np.arange(len(parts)), [len(part.scores) for part in parts])
    hit = np.concatenate([part.hit for part in parts])
    return ClassHits(image[order], hit[order], np.array([part.positives for part in parts], np.int64))
