"""Settings of the batch engine: batch size, threads, reading, writing, and when to stop early."""

from dataclasses import dataclass, field
from pathlib import Path

from lowlight_cli.images.settings import ReadSettings, WriteSettings


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """How a run processes its files; only ``read`` and ``write`` affect pixels.

    Attributes:
        batch_size: Maximum number of images in a pass.
        batch_pixels: Maximum number of pixels in a pass of several images; None for as many as fit.
        passes_ahead: Number of passes that are begun before the results of one are collected.
        workers: Number of decoding threads; twice as many encode and write.
        queue_pixels: Maximum number of pixels queued before the model, and again after it.
        read: How files are decoded.
        write: How results are encoded.
        software: Program, version and model, written into the metadata of each result; empty writes nothing.
        only_dark: Images with a mean luma in [0, 1] above this are skipped; None skips none.
        preserve_mtime: Whether a result gets the modification time of its source.
        min_free: Bytes that must stay free on the disk of the results.
        max_errors: Number of failures after which the run stops; None for no limit.
        measured: Outputs of the images in which blur is measured; None picks a sample of the run.
    """

    batch_size: int = 1
    batch_pixels: int | None = None
    passes_ahead: int = 0
    workers: int = 2
    queue_pixels: int = 2**26
    read: ReadSettings = field(default_factory=ReadSettings)
    write: WriteSettings = field(default_factory=WriteSettings)
    software: str = ""
    only_dark: float | None = None
    preserve_mtime: bool = False
    min_free: int = 0
    max_errors: int | None = None
    measured: frozenset[Path] | None = None
