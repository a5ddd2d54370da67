"""Settings that every recipe shares; torch-free."""

import os
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    PrivateAttr,
    field_validator,
    model_serializer,
    model_validator,
)

from lowlight_cli.training.source_text import split_weight
from lowlight_cli.training.split_record import SplitRecord

Rate = Annotated[PositiveFloat, Field(allow_inf_nan=False)]
Beta = Annotated[float, Field(ge=0, lt=1)]


class Settings(BaseModel):
    """Frozen settings; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class RunSettings(Settings):
    """Length of a run, batches, precision, and intervals of logs and checkpoints.

    Args:
        steps: Optimizer steps of the whole schedule.
        limit_minutes: Save and stop after this time; the next start resumes.
        schedule: What the learning rate follows: ``steps``, or ``clock``, with which it has decayed after
            ``limit_minutes``, counted over all starts together.
        batch_size: Crops per step.
        accumulate: Parts in which a batch is computed, one after the other, to save memory.
        crop: Side of a crop in pixels, a multiple of 32, at least 64 for the discriminator.
        seed: Random seed.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``xpu`` or ``xpu:N``.
        precision: ``auto``, ``fp32``, ``tf32``, ``bf16`` or ``fp16``. TF32 is used only with ``tf32``.
        save_every: Steps between checkpoints.
        keep: Numbered checkpoints to keep besides ``last`` and ``best``.
        sample_every: Steps between sample grids and validations.
        early_stop: Stop after this number of validations in a row without improvement; None for never.
        journal_every: Steps between lines of ``metrics.jsonl``.
        tensorboard: Also write event files for TensorBoard; needs the extra ``tensorboard``.
        compile: Compile the networks with ``torch.compile``, if the recipe can; the first steps take minutes.
        workers: Threads that prepare batches; with 0 each is made when it is needed. Batches do not depend on
            it.
        overfit: Train and validate on this number of images only; None for all.
        resume: ``auto`` resumes from the last checkpoint of the run folder, ``none`` starts over, anything
            else is the path of a checkpoint to resume from.
    """

    steps: PositiveInt = 4000
    limit_minutes: PositiveFloat | None = None
    schedule: Literal["steps", "clock"] = "steps"
    batch_size: PositiveInt = 16
    accumulate: PositiveInt = 1
    crop: int = Field(default=128, ge=64, multiple_of=32)
    seed: NonNegativeInt = 0
    device: str = "auto"
    precision: Literal["auto", "fp32", "tf32", "bf16", "fp16"] = "auto"
    save_every: PositiveInt = 200
    keep: NonNegativeInt = 3
    sample_every: PositiveInt = 500
    early_stop: PositiveInt | None = None
    journal_every: PositiveInt = 20
    tensorboard: bool = False
    compile: bool = False
    workers: NonNegativeInt = 0 if os.name == "nt" else 4
    overfit: PositiveInt | None = None
    resume: str = "auto"

    @field_validator("resume", mode="before")
    @classmethod
    def _word_for_a_switch(cls, value: object) -> object:
        # The first run folders have true or false.
        return {True: "auto", False: "none"}[value] if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _clock_has_an_end(self) -> "RunSettings":
        if self.schedule == "clock" and self.limit_minutes is None:
            raise ValueError("schedule=clock needs --limit-minutes")
        return self

    @model_validator(mode="after")
    def _parts_are_equal(self) -> "RunSettings":
        if self.batch_size % self.accumulate:
            raise ValueError(f"a batch of {self.batch_size} cannot be divided into {self.accumulate} parts")
        return self


class OptimizerSettings(Settings):
    """Adam with warm-up, cosine decay and gradient clipping.

    Args:
        learning_rate: Highest learning rate.
        critic_rate: Highest rate of the discriminator, if there is one.
        betas: Decay of the running means of Adam.
        warmup: Steps of linear warm-up.
        final: Rate at the last step, as a share of the highest.
        clip: Norm to which larger gradients are clipped.
        spike: A step is skipped if its loss or gradient norm exceeds the median of earlier steps by this
            factor; ``inf`` for never.
        average: Decay of the exponential moving average of the weights.
    """

    learning_rate: Rate = 5e-4
    critic_rate: Rate = 4e-4
    betas: tuple[Beta, Beta] = (0.9, 0.99)
    warmup: PositiveInt = 100
    final: float = Field(default=0.01, ge=0, le=1)
    clip: PositiveFloat = 1.0
    spike: float = Field(default=50.0, ge=1)
    average: float = Field(default=0.999, ge=0, lt=1)


class Source(Settings):
    """A folder of photos; ``DIR`` or ``DIR=WEIGHT`` as text.

    Args:
        folder: Searched with its subfolders.
        weight: Probability of drawing from this source; sources without one share what the others leave, by
            their numbers of images.
        dataset: Dataset that the photos belong to; it names those that are kept for validation.
    """

    folder: Path
    weight: PositiveFloat | None = None
    dataset: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, value: object) -> object:
        if not isinstance(value, str | Path):
            return value
        folder, weight = split_weight(str(value))
        return {"folder": folder, "weight": weight}

    @model_serializer
    def _as_text(self) -> str | dict[str, str | float]:
        plain = str(self.folder)
        more = {"weight": self.weight, "dataset": self.dataset}
        given = {name: value for name, value in more.items() if value is not None}
        return {"folder": plain, **given} if given or "=" in plain else plain


HALVES = (("low", "high"), ("input", "target"))
"""Names of the subfolders of a folder of pairs."""


class PairSource(Settings):
    """Folders of dark images and their references.

    As text, a folder with ``low`` and ``high``, or with ``input`` and ``target``.

    Args:
        low: Folder of the dark images.
        high: Folder of the references.
        ignored: Regular expression for the part of a name that differs between partners.
        weight: As that of photos.
        dataset: Dataset that the pairs belong to; it names those that are kept for validation and those
            whose reference has a color cast.
    """

    low: Path
    high: Path
    ignored: str = ""
    weight: PositiveFloat | None = None
    dataset: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, value: object) -> object:
        if not isinstance(value, str | Path):
            return value
        folder, weight = split_weight(str(value))
        halves = [(Path(folder) / low, Path(folder) / high) for low, high in HALVES]
        low, high = next((pair for pair in halves if all(half.is_dir() for half in pair)), halves[0])
        return {"low": low, "high": high, "weight": weight}


def as_pairs(folder: Path) -> PairSource:
    """A folder as a source of pairs."""
    return PairSource.model_validate(str(folder))


class DataSettings(Settings):
    """The images to train on.

    Args:
        photos: Folders of well-lit photos.
        labels: Root of class maps: ``<labels>/<photo relative to label_root>.png``.
        label_root: Folder that the names of the class maps are relative to.
        pairs: Folders of real pairs.
        datasets: Datasets by name, ``NAME`` or ``NAME=WEIGHT``; only their part for training is used.
        root: Folder of datasets; None for those of ``LLE_DATA_ROOT`` and ``./datasets``.
        val: Folders to validate on, of pairs or of photos like those to train on. Nothing else is held out
            then, unless ``held_out`` or ``val_share`` says so.
        val_share: Share of the images to hold out for validation, at least one; 0 for none. None for every
            tenth, at least two, of six images or more.
        held_out: Stems of pairs to validate on; photos with these stems are not trained on either. None for
            those that the dataset names, and ``val_share`` of other folders.
        cast: Stems of pairs whose reference has a color cast, so that only its lightness is learned. None for
            those that the dataset names.
        exclude: Photos whose path contains one of these texts are left out.
        skip_broken: Leave out images that cannot be used, instead of stopping.
        cache: Folder of decoded images; ``auto`` is that of the user, ``none`` keeps them in memory.
        cache_gigabytes: Size limit of that folder.
        on_device: Keep the decoded images on the device and make batches there, if the recipe can. Batches
            have the same distribution as those made on the CPU, but not the same images.
    """

    photos: tuple[Source, ...] = ()
    labels: Path | None = None
    label_root: Path | None = None
    pairs: tuple[PairSource, ...] = ()
    datasets: tuple[str, ...] = ()
    root: Path | None = None
    val: tuple[Path, ...] = ()
    val_share: float | None = Field(default=None, ge=0, lt=1)
    held_out: tuple[str, ...] | None = None
    cast: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    skip_broken: bool = False
    cache: str = "auto"
    cache_gigabytes: PositiveFloat = 10.0
    on_device: bool = False

    _split: SplitRecord | None = PrivateAttr(default=None)

    @property
    def split(self) -> SplitRecord | None:
        """The split of the run, which is no setting; None if it is neither kept nor recorded."""
        return self._split

    def with_split(self, split: SplitRecord) -> "DataSettings":
        """The same settings with the split of a run."""
        settings = self.model_copy()
        settings._split = split
        return settings

    @field_validator("photos", "pairs", "datasets", "val", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: object) -> object:
        return (value,) if isinstance(value, str | Path) else value or ()


class Recipe(Settings):
    """Settings that all recipes have.

    ``architecture`` is the name of the trained network; ``can_compile`` is whether its networks work with
    ``torch.compile``, and ``can_feed_on_device`` whether its batches can be made on the device.

    Args:
        data: Images to train on.
        run: Length and intervals.
        optimizer: Learning rate and clipping.
    """

    architecture: ClassVar[str] = ""
    can_compile: ClassVar[bool] = False
    can_feed_on_device: ClassVar[bool] = False

    data: DataSettings = DataSettings()
    run: RunSettings = RunSettings()
    optimizer: OptimizerSettings = OptimizerSettings()

    @model_validator(mode="after")
    def _compiles_where_it_can(self) -> "Recipe":
        if self.run.compile and not self.can_compile:
            raise ValueError("run.compile: the networks of this recipe cannot be compiled")
        return self

    @model_validator(mode="after")
    def _feeds_on_the_device_where_it_can(self) -> "Recipe":
        if self.data.on_device and not self.can_feed_on_device:
            raise ValueError("data.on_device: this recipe makes its batches on the CPU only")
        return self
