"""How much is done at a time, how files are read and written, and when a run ends early."""

from dataclasses import dataclass, field

from lowlight_cli.images.settings import ReadSettings, WriteSettings


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """How a run goes through its files; none of it changes pixels.

    Attributes:
        batch_size: Pictures of one size in a pass at most.
        workers: Threads that decode, and as many that encode.
        queue_pixels: Pixels that may wait on each side of the model.
        read: How files become pictures.
        write: How pictures become files.
        software: Program, version and model, which the metadata of each result shall name; empty for nothing.
        only_dark: Pictures with a mean luma in [0, 1] above it are skipped; None skips none.
        preserve_mtime: Whether a result gets the time of its source.
        min_free: Bytes that must stay free where results are written.
        max_errors: Failures after which the run ends; None for no end.
    """

    batch_size: int = 1
    workers: int = 2
    queue_pixels: int = 2**26
    read: ReadSettings = field(default_factory=ReadSettings)
    write: WriteSettings = field(default_factory=WriteSettings)
    software: str = ""
    only_dark: float | None = None
    preserve_mtime: bool = False
    min_free: int = 0
    max_errors: int | None = None
