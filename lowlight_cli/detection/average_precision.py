"""Average precision as COCO computes it, by faster-coco-eval or pycocotools, whichever is installed."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from lowlight_cli.detection.coco import coco_content
from lowlight_cli.detection.predictions import Detection, GroundTruth
from lowlight_cli.errors import UnavailableError

_FIFTY, _SEVENTY_FIVE = 0, 5
"""Indices of IoU 0.50 and 0.75 among the ten thresholds."""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Scores of one class; None if it has no boxes. The names are keys of reports.

    Attributes:
        ap: Mean over IoU 0.50 to 0.95.
        ap50: At IoU 0.50.
        boxes: Boxes to find.
        pictures: Number of images that show the class.
    """

    ap: float | None
    ap50: float | None
    boxes: int
    pictures: int


@dataclass(frozen=True, slots=True)
class DetectionScores:
    """Scores of one detector, from 0 to 1; None if there are no boxes. The names are keys of reports.

    Attributes:
        map: Mean over classes and IoU 0.50 to 0.95.
        map50: Mean over classes at IoU 0.50, as papers on low light report it.
        map75: Mean over classes at IoU 0.75.
        small: ``map`` of boxes below 32x32 pixels.
        medium: ``map`` of boxes from 32x32 to 96x96 pixels.
        large: ``map`` of larger boxes.
        recall: Mean recall with 100 detections per image.
        classes: By name.
    """

    map: float | None
    map50: float | None
    map75: float | None
    small: float | None
    medium: float | None
    large: float | None
    recall: float | None
    classes: dict[str, ClassScore]


def score_detections(
    truth: Sequence[GroundTruth], detections: Sequence[Sequence[Detection]], classes: Sequence[str]
) -> DetectionScores:
    """Scores a detector.

    Args:
        truth: Images with the boxes to find; difficult boxes count as crowds.
        detections: Detections in each image, in the same order.
        classes: Names by index.

    Raises:
        UnavailableError: No evaluator is installed.
    """
    evaluated = _evaluated(truth, detections, classes)
    precision = evaluated.eval["precision"]  # axes: IoU, recalls, classes, areas, numbers of detections
    whole = precision[..., 0, -1]
    per_class = {
        name: ClassScore(_mean(whole[:, :, index]), _mean(whole[_FIFTY, :, index]), *_counts(truth, index))
        for index, name in enumerate(classes)
    }
    return DetectionScores(
        map=_mean(whole),
        map50=_mean(whole[_FIFTY]),
        map75=_mean(whole[_SEVENTY_FIVE]),
        small=_mean(precision[..., 1, -1]),
        medium=_mean(precision[..., 2, -1]),
        large=_mean(precision[..., 3, -1]),
        recall=_mean(evaluated.eval["recall"][..., 0, -1]),
        classes=per_class,
    )


def _mean(values: NDArray[Any]) -> float | None:
    """Mean of the known values; the evaluators mark unknown ones by -1."""
    known = values[values > -1]
    return float(known.mean()) if known.size else None


def _counts(truth: Sequence[GroundTruth], label: int) -> tuple[int, int]:
    boxes = [
        sum(box.label == label and not (box.crowd or box.difficult) for box in each.boxes) for each in truth
    ]
    return sum(boxes), sum(count > 0 for count in boxes)


def _evaluated(
    truth: Sequence[GroundTruth], detections: Sequence[Sequence[Detection]], classes: Sequence[str]
) -> Any:  # noqa: ANN401 - two libraries with the same interface
    content = _ground_truth(truth, classes)
    results = [
        {
            "image_id": number,
            "category_id": each.box.label + 1,
            "bbox": [each.box.left, each.box.top, each.box.width, each.box.height],
            "score": each.score,
        }
        for number, found in enumerate(detections, start=1)
        for each in found
    ]
    with contextlib.redirect_stdout(io.StringIO()):  # both libraries print progress
        return _run(content, results)


def _ground_truth(truth: Sequence[GroundTruth], classes: Sequence[str]) -> dict[str, Any]:
    content = coco_content([(each.name, each.size, each.boxes) for each in truth], classes)
    ignored = [int(box.crowd or box.difficult) for each in truth for box in each.boxes]
    for annotation, is_ignored in zip(content["annotations"], ignored, strict=True):
        annotation["iscrowd"] = is_ignored
    return content


def _run(content: dict[str, Any], results: list[dict[str, Any]]) -> Any:  # noqa: ANN401
    try:
        from faster_coco_eval import COCO, COCOeval_faster

        truth = COCO(content)
        evaluator = COCOeval_faster(truth, truth.loadRes(results), "bbox", print_function=_print_nothing)
    except ImportError:
        evaluator = _slower(content, results)
    evaluator.evaluate()
    evaluator.accumulate()
    return evaluator


def _slower(content: dict[str, Any], results: list[dict[str, Any]]) -> Any:  # noqa: ANN401
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError as error:
        raise UnavailableError(
            "detection scores need faster-coco-eval; install it with: pip install 'lowlight-cli[detect]'"
        ) from error
    truth = COCO()
    truth.dataset = content
    truth.createIndex()
    return COCOeval(truth, truth.loadRes(results), "bbox")


def _print_nothing(*_: object) -> None:
    """Replaces the print function of the evaluator."""
