"""The request for a sheet: photos, the values to compare, and how large they are shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from lowlight_cli import defaults
from lowlight_cli.checkpoints.locate import find_weights
from lowlight_cli.counted import counted
from lowlight_cli.errors import UsageError, WeightsError
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.controls import Controls, Weight
from lowlight_cli.pipeline.control_support import BY_TONE_CURVE, control_handlers
from lowlight_cli.pipeline.settings import EnhanceSettings

MOST_VARIANTS = 36
ALL_MODELS = "all"

Share = Annotated[float, Field(ge=0, le=1)]


class Axis(NamedTuple):
    """An option and the values to compare, as they are typed."""

    option: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """Settings of one cell.

    Attributes:
        words: The options that differ between cells, each word as it is typed.
        settings: All settings.
    """

    words: tuple[str, ...]
    settings: EnhanceSettings


class PreviewRequest(BaseModel):
    """One sheet for each photo.

    An option with one value holds for all cells; one or two options have several values.

    Attributes:
        photos: Image files.
        out: Sheet file, or folder of sheets if it ends in a slash or not like a file; None is the current
            folder.
        force: Whether a file that is not an unchanged sheet may be replaced.
        settings: What all cells share; model, controls, strength and reference are replaced.
        models: Names of models; ``all`` is each one whose weights are here and that supports what is set.
            Empty is ``all`` unless another option has several values.
        contrast: Values from 0 to 2.
        brightness: Values from 0 to 2.
        texture: Values from 0 to 2.
        temperature: Values from 0 to 1.
        strength: Values from 0 to 1.
        references: Well-lit image files.
        size: Long side of a photo on the sheet, in pixels.
        crop: Column and row of the center of the crop, in pixels of the upright photo; None chooses it.
        crop_size: Long side of the crop in pixels; None is ``size``, 0 leaves crops out.
        exact: Whether the whole photo is enhanced for each cell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    photos: tuple[Path, ...]
    out: str | None = None
    force: bool = False
    settings: EnhanceSettings = EnhanceSettings()
    models: tuple[str, ...] = ()
    contrast: tuple[Weight, ...] = (defaults.CONTROL,)
    brightness: tuple[Weight, ...] = (defaults.CONTROL,)
    texture: tuple[Weight, ...] = (defaults.CONTROL,)
    temperature: tuple[Share, ...] = (defaults.TEMPERATURE,)
    strength: tuple[Share, ...] = (defaults.STRENGTH,)
    references: tuple[Path, ...] = ()
    size: int = Field(default=defaults.PREVIEW_SIZE, ge=64, le=2048)
    crop: tuple[int, int] | None = None
    crop_size: int | None = Field(default=None, ge=0, le=2048)
    exact: bool = False

    @property
    def crop_side(self) -> int:
        """Long side of the crop in pixels; 0 for none."""
        return self.size if self.crop_size is None else self.crop_size

    def axes(self) -> tuple[Axis, ...]:
        """The options with several values: the first one gives the rows, the second one the columns."""
        return tuple(axis for axis in self._options() if len(axis.values) > 1)

    def variants(self) -> tuple[Variant, ...]:
        """Settings of each cell, row by row.

        Raises:
            UnknownNameError: There is no such model or preset.
            UsageError: More than two options have several values, there are too many cells, or a model lacks
                a control.
        """
        options, varied = self._options(), [axis.option for axis in self.axes()]
        if len(varied) > 2:
            raise UsageError(
                f"{', '.join(varied)} have several values each; a sheet compares one or two options"
            )
        choices = list(product(*(axis.values or ("",) for axis in options)))
        if len(choices) > MOST_VARIANTS:
            raise UsageError(
                f"{counted(len(choices), 'image')} on one sheet, at most {MOST_VARIANTS}; name fewer values"
            )
        names = [axis.option for axis in options]
        return tuple(self._variant(dict(zip(names, choice, strict=True)), varied) for choice in choices)

    def shared_words(self) -> tuple[str, ...]:
        """Options of all cells that differ from the defaults of ``lle enhance``, as words to type."""
        single = [axis for axis in self._options() if len(axis.values) == 1]
        words = [word for axis in single if axis.values[0] != _usual(axis.option) for word in _typed(axis)]
        settings = self.settings
        words += ["--preset", settings.preset] if settings.preset else []
        words += ["--checkpoint", str(settings.checkpoint)] if settings.checkpoint else []
        return tuple(words)

    def left_out(self) -> tuple[str, ...]:
        """Models that ``all`` leaves out because they lack a control that was set or take no reference."""
        chosen = self._models()
        return tuple(name for name in self._ready() if self._takes_all() and name not in chosen)

    def _options(self) -> tuple[Axis, ...]:
        return (Axis("--model", self._models()), *self._controls(), *self._others())

    def _controls(self) -> Iterator[Axis]:
        for name in Controls.model_fields:
            yield Axis(f"--{name}", _numbers(getattr(self, name)))

    def _others(self) -> Iterator[Axis]:
        yield Axis("--strength", _numbers(self.strength))
        yield Axis("--reference", tuple(dict.fromkeys(map(str, self.references))))

    def _models(self) -> tuple[str, ...]:
        """The models to compare.

        Raises:
            UsageError: ``all`` is combined with a weights file, or no model fits.
        """
        if not self._takes_all():
            return tuple(dict.fromkeys(self.models)) or (defaults.MODEL,)
        if self.settings.checkpoint:
            raise UsageError("--checkpoint holds the weights of one model; name it with --model")
        changed = [axis.option for axis in self._controls() if set(axis.values) != {_usual(axis.option)}]
        changed += ["--reference"] if self.references else []
        able = [name for name in self._ready() if _supports_all(name, self.settings.preset, changed)]
        if not able:
            raise UsageError(f"no model supports all of these: {', '.join(changed)}")
        return tuple(able)

    def _takes_all(self) -> bool:
        """Whether all models that fit are compared: because ``all`` is named, or nothing else is."""
        if self.models:
            return ALL_MODELS in self.models
        others = (*self._controls(), *self._others())
        return not self.settings.checkpoint and all(len(axis.values) <= 1 for axis in others)

    def _ready(self) -> list[str]:
        """Visible models whose weights of the preset are here."""
        return [
            name
            for name, entry in MODELS.items()
            if not entry.hidden and _is_here(name, self.settings.preset)
        ]

    def _variant(self, values: dict[str, str], varied: list[str]) -> Variant:
        controls = Controls(**{name: float(values[f"--{name}"]) for name in Controls.model_fields})
        reference, model = values["--reference"], values["--model"]
        control_handlers(model, controls, preset=self.settings.preset, checkpoint=self.settings.checkpoint)
        _ = MODELS[model].presets[self.settings.preset or MODELS[model].default_preset]
        settings = self.settings.model_copy(
            update={
                "model": model,
                "controls": controls,
                "strength": float(values["--strength"]),
                "reference": Path(reference) if reference else None,
            }
        )
        return Variant(tuple(word for option in varied for word in (option, values[option])), settings)


def _typed(axis: Axis) -> tuple[str, ...]:
    return axis.option, axis.values[0]


def _usual(option: str) -> str:
    """The default of an option of ``lle enhance``, as it is typed."""
    if option == "--model":
        return defaults.MODEL
    known = {"--strength": defaults.STRENGTH, "--temperature": defaults.TEMPERATURE, "--reference": None}
    value = known.get(option, defaults.CONTROL)
    return "" if value is None else f"{value:g}"


def _numbers(values: tuple[float, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{value:g}" for value in values))


def _supports_all(model: str, preset: str | None, options: list[str]) -> bool:
    entry = MODELS[model]
    able = (
        entry.controls_of(preset) | set(BY_TONE_CURVE) | ({"reference"} if entry.takes_reference else set())
    )
    return {option.removeprefix("--") for option in options} <= able


def _is_here(model: str, preset: str | None) -> bool:
    """Whether the weights of a preset, or of the default one, are on this machine."""
    entry = MODELS[model]
    weights = entry.weights.get(preset or entry.default_preset)
    if weights is None:
        return False
    try:
        find_weights(weights)
    except WeightsError:
        return False
    return True
