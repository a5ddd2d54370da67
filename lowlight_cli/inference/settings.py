"""Everything a user may decide about a run; torch-free."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lowlight_cli.models.controls import Controls


class EnhanceSettings(BaseModel):
    """How pictures are enhanced; which ones is the plan's business.

    Attributes:
        model: Name in the catalog of models.
        preset: Size of the model; None takes its default.
        checkpoint: File of weights in place of those of the preset.
        controls: Strength of each part of the model.
        strength: 0 keeps the original, 1 takes the model's result.
        reference: A well-lit picture whose look is asked for.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        batch_size: Pictures in a pass; None chooses by device.
        workers: Threads that decode, and as many that encode.
        tile: Side of a tile in pixels; None chooses by memory, 0 never cuts a picture that fits.
        tile_overlap: Pixels shared by neighbouring tiles.
        quality: Of JPEG and WebP.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = "codeenhance"
    preset: str | None = None
    checkpoint: Path | None = None
    controls: Controls = Controls()
    strength: float = Field(default=1.0, ge=0, le=1)
    reference: Path | None = None
    device: str = "auto"
    precision: str = "auto"
    batch_size: int | None = Field(default=None, ge=1)
    workers: int = Field(default=2, ge=1)
    tile: int | None = Field(default=None, ge=0)
    tile_overlap: int = Field(default=64, ge=0)
    quality: int = Field(default=95, ge=1, le=100)
