"""Checks weights files: their digest, and a strict load."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lowlight_cli.checkpoints.load import load_enhancer, load_weights, whole_weights
from lowlight_cli.checkpoints.locate import find_weights
from lowlight_cli.errors import WeightsError
from lowlight_cli.models.entry import ModelEntry, WeightsEntry


class Condition(StrEnum):
    """State of a weights file."""

    WHOLE = "ok"
    ABSENT = "absent"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of checking one file.

    Attributes:
        model: Name in the catalog.
        part: Preset or training stage of the file.
        file: File name.
        condition: State; only files that users import can be absent.
        message: Reason, if the file is broken; what to do, if it is absent.
        published: Names of the files that the authors published; empty if they published none.
    """

    model: str
    part: str
    file: str
    condition: Condition
    message: str = ""
    published: tuple[str, ...] = ()


def verify_model(entry: ModelEntry) -> Iterator[Verdict]:
    """Checks every weights file of a model."""
    for preset, weights in entry.weights.items():
        yield _verdict(entry, preset, weights, is_preset=True)
    for stage, weights in entry.stages.items():
        yield _verdict(entry, stage, weights, is_preset=False)


def _verdict(entry: ModelEntry, part: str, weights: WeightsEntry, *, is_preset: bool) -> Verdict:
    try:
        find_weights(weights)
    except WeightsError as error:
        if weights.shipped:
            return Verdict(entry.name, part, weights.file, Condition.BROKEN, str(error))
        remedy = weights.remedy or ""
        return Verdict(entry.name, part, weights.file, Condition.ABSENT, remedy, weights.published)
    try:
        if is_preset:
            load_enhancer(entry.name, preset=part)
        else:
            load_weights(whole_weights(weights))
    except WeightsError as error:
        return Verdict(entry.name, part, weights.file, Condition.BROKEN, str(error))
    return Verdict(entry.name, part, weights.file, Condition.WHOLE)
