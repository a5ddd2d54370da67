"""Everything a user may decide about a run; torch-free."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lowlight_cli import defaults
from lowlight_cli.images.settings import ReadSettings, WriteSettings
from lowlight_cli.models.controls import Controls


class StopSettings(BaseModel):
    """When a run ends early.

    Attributes:
        fail_fast: Whether the first failure ends it.
        max_errors: Number of failures that end it; None for no limit.
        min_free: Bytes that stay free on the disk of the results.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fail_fast: bool = False
    max_errors: int | None = Field(default=None, ge=1)
    min_free: int = Field(default=defaults.MIN_FREE, ge=0)


class EnhanceSettings(BaseModel):
    """How pictures are enhanced; which ones is the plan's business.

    Attributes:
        model: Name in the catalog of models.
        preset: Size of the model; None takes its default.
        checkpoint: File of weights in place of those of the preset.
        view: Inner picture of the model to take in place of its result; None for the result.
        controls: Strength of each part of the model.
        strength: 0 keeps the original, 1 takes the model's result.
        reference: A well-lit picture whose look is asked for.
        seed: For models that draw random numbers.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        precision: ``auto``, ``fp32``, ``tf32``, ``bf16`` or ``fp16``.
        batch_size: Pictures in a pass; None chooses by device.
        workers: Threads that decode, and as many that encode; None uses the processors that may be used.
        tile: Side of a tile in pixels; None chooses by memory, 0 never cuts a picture that fits.
        tile_overlap: Pixels shared by neighboring tiles.
        only_dark: Pictures whose mean luma in [0, 1] is above this are skipped; None for none.
        preserve_mtime: Whether results get the modification time of their inputs.
        read: How files become pictures.
        write: How pictures become files.
        stop: When a run ends early.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = defaults.MODEL
    preset: str | None = None
    checkpoint: Path | None = None
    view: str | None = None
    controls: Controls = Controls()
    strength: float = Field(default=defaults.STRENGTH, ge=0, le=1)
    reference: Path | None = None
    seed: int = Field(default=defaults.SEED, ge=0)
    device: str = defaults.DEVICE
    precision: str = "auto"
    batch_size: int | None = Field(default=None, ge=1)
    workers: int | None = Field(default=None, ge=1)
    tile: int | None = Field(default=None, ge=0)
    tile_overlap: int = Field(default=defaults.TILE_OVERLAP, ge=0)
    only_dark: float | None = Field(default=None, ge=0, le=1)
    preserve_mtime: bool = False
    read: ReadSettings = ReadSettings()
    write: WriteSettings = WriteSettings()
    stop: StopSettings = StopSettings()
