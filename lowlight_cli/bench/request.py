"""The request for one measurement: photos, settings, and how long it may take."""

import re
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lowlight_cli import defaults
from lowlight_cli.errors import UsageError
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.pipeline.settings import EnhanceSettings

_SET = re.compile(r"([1-9][0-9]{0,6}):([1-9][0-9]{0,4})x([1-9][0-9]{0,4})")


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """Photos to make.

    Attributes:
        count: How many.
        width: In pixels.
        height: In pixels.
    """

    count: int
    width: int
    height: int

    @property
    def name(self) -> str:
        """Size of the photos, such as ``600x400``."""
        return f"{self.width}x{self.height}"


def parse_sets(text: str) -> tuple[PhotoSet, ...]:
    """Sets of photos, separated by commas.

    Args:
        text: Such as ``40:600x400,2:4000x3000``.

    Raises:
        UsageError: It is written in another way, or a size stands twice.
    """
    found = [_SET.fullmatch(word.strip()) for word in text.split(",")]
    sets = tuple(PhotoSet(*(int(number) for number in each.groups())) for each in found if each)
    if len(sets) < len(found):
        raise UsageError(f"--synthetic '{text}' is not COUNT:WIDTHxHEIGHT,... such as {defaults.BENCH_SETS}")
    if len({each.name for each in sets}) < len(sets):
        raise UsageError(f"--synthetic '{text}' has a size twice")
    return sets


class BenchRequest(BaseModel):
    """One measurement.

    Attributes:
        photos: Images, folders and glob patterns; empty measures synthetic photos.
        synthetic: Photos to make if ``photos`` is empty; each set is a case of its own.
        settings: How the photos are enhanced. Of animations and pages, only the first frame is.
        repeats: Number of runs, and of measurements of the model alone; fewer if the time is short.
        limit_s: Seconds after which no further run starts; one of each case is measured anyway.
        tries_options: Whether options that may help are tried.

    Raises:
        UnknownNameError: There is no such model or preset.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    photos: tuple[str, ...] = ()
    synthetic: tuple[PhotoSet, ...] = parse_sets(defaults.BENCH_SETS)
    settings: EnhanceSettings = EnhanceSettings()
    repeats: int = Field(default=defaults.BENCH_REPEATS, ge=1)
    limit_s: float = Field(default=defaults.BENCH_SECONDS, gt=0)
    tries_options: bool = True

    @model_validator(mode="after")
    def _check(self) -> "BenchRequest":
        entry = MODELS[self.settings.model]
        _ = entry.presets[self.settings.preset or entry.default_preset]
        return self
