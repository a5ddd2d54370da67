"""Average precision as COCO counts it, by faster-coco-eval or pycocotools, whichever is installed."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from lowlight_cli.detection.coco import coco_content
from lowlight_cli.detection.predictions import Detection, Truth
from lowlight_cli.errors import UnavailableError

_FIFTY, _SEVENTY_FIVE = 0, 5
"""Places of overlaps 0.50 and 0.75 among the ten."""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class; scores are None where there is nothing to find.

    Attributes:
        ap: Mean over the overlaps 0.50 to 0.95.
        ap50: At overlap 0.50.
        boxes: Boxes to be found.
        pictures: Pictures that show it.
    """

    ap: float | None
    ap50: float | None
    boxes: int
    pictures: int


@dataclass(frozen=True, slots=True)
class DetectionScores:
    """Scores of one detector, each from 0 to 1; None where there is nothing to find.

    Attributes:
        map: Mean over classes and over the overlaps 0.50 to 0.95.
        map50: Mean over classes at overlap 0.50: what papers on low light report.
        map75: Likewise at 0.75.
        small: As ``map``, boxes below 32x32 pixels.
        medium: Up to 96x96.
        large: Beyond.
        recall: Mean recall with 100 detections in a picture.
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
    truth: Sequence[Truth], detections: Sequence[Sequence[Detection]], classes: Sequence[str]
) -> DetectionScores:
    """Scores a detector.

    Args:
        truth: Pictures with what should be found; difficult boxes count as crowds.
        detections: What was found in each, in the same order.
        classes: Names by index.

    Raises:
        UnavailableError: No evaluator is installed.
    """
    evaluated = _evaluated(truth, detections, classes)
    precision = evaluated.eval["precision"]  # overlaps, recalls, classes, areas, numbers of detections
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
    """Mean of what is known; the evaluators mark what is not by -1."""
    known = values[values > -1]
    return float(known.mean()) if known.size else None


def _counts(truth: Sequence[Truth], label: int) -> tuple[int, int]:
    boxes = [
        sum(box.label == label and not (box.crowd or box.difficult) for box in each.boxes) for each in truth
    ]
    return sum(boxes), sum(count > 0 for count in boxes)


def _evaluated(
    truth: Sequence[Truth], detections: Sequence[Sequence[Detection]], classes: Sequence[str]
) -> Any:  # noqa: ANN401 - two libraries, one form
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
    with contextlib.redirect_stdout(io.StringIO()):  # both libraries print as they go
        return _run(content, results)


def _ground_truth(truth: Sequence[Truth], classes: Sequence[str]) -> dict[str, Any]:
    content = coco_content([(each.name, each.size, each.boxes) for each in truth], classes)
    free = [int(box.crowd or box.difficult) for each in truth for box in each.boxes]
    for annotation, is_free in zip(content["annotations"], free, strict=True):
        annotation["iscrowd"] = is_free
    return content


def _run(content: dict[str, Any], results: list[dict[str, Any]]) -> Any:  # noqa: ANN401
    try:
        from faster_coco_eval import COCO, COCOeval_faster

        wanted = COCO(content)
        evaluator = COCOeval_faster(wanted, wanted.loadRes(results), "bbox", print_function=_say_nothing)
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
            "detection scores need faster-coco-eval: pip install 'lowlight-cli[detect]'"
        ) from error
    wanted = COCO()
    wanted.dataset = content
    wanted.createIndex()
    return COCOeval(wanted, wanted.loadRes(results), "bbox")


def _say_nothing(*_: object) -> None:
    """Takes what the evaluator would print."""
