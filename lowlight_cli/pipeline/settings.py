"""Settings of a run, with defaults and ranges; free of torch."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lowlight_cli import defaults
from lowlight_cli.images.settings import ReadSettings, WriteSettings
from lowlight_cli.models.controls import Controls
from lowlight_cli.pipeline.choices import Detail


class StopSettings(BaseModel):
    """When a run ends early.

    Attributes:
        fail_fast: Whether the first failure ends the run.
        max_errors: Number of failures that end the run; None for no limit.
        min_free: Bytes that must stay free on the disk of the results.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fail_fast: bool = False
    max_errors: int | None = Field(default=None, ge=1)
    min_free: int = Field(default=defaults.MIN_FREE, ge=0)

    @property
    def failure_limit(self) -> int | None:
        """Number of failures that end the run; None for no limit."""
        return 1 if self.fail_fast else self.max_errors


class EnhanceSettings(BaseModel):
    """How images are read, enhanced and written.

    Attributes:
        model: Name in the catalog of models.
        preset: Preset of the model; None takes its default.
        checkpoint: Weights file to use instead of the preset's weights.
        view: Intermediate output to write instead of the result; None for the result.
        controls: Values of the model's controls.
        strength: 0 keeps the original, 1 takes the model's result.
        reference: A well-lit image whose exposure and colors the result follows.
        seed: Random seed.
        deblur: Whether the blur of a shaken camera is removed from results.
        detail: Whether large images are enhanced at reduced size and the result is carried to full size.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``xpu``, ``xpu:N`` or ``mps``; or several of one
            kind, as in ``cuda:all`` and ``cuda:0,cuda:1``, each with a process of its own.
        precision: ``auto``, ``fp32``, ``tf32``, ``bf16`` or ``fp16``.
        batch_size: Maximum number of images in a pass; None chooses by device.
        workers: Number of decoding threads; twice as many encode and write. None uses all processors.
        tile: Tile side in pixels; None chooses by memory, 0 tiles only images that do not fit.
        tile_overlap: Pixels shared by neighboring tiles.
        only_dark: Images whose mean luma in [0, 1] is above this are skipped; None skips none.
        preserve_mtime: Whether results get the modification time of their inputs.
        read: How files are decoded.
        write: How results are encoded.
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
    deblur: bool = False
    detail: Detail = Detail.FULL
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

    @property
    def names_several_devices(self) -> bool:
        """Whether ``device`` may stand for several devices, each with a process of its own."""
        return "," in self.device or self.device.endswith(":all")
