"""What a run with several processes and its workers send each other: jobs in, rows out."""

from dataclasses import dataclass, field
from pathlib import Path

from lowlight_cli.pipeline.plan import Job
from lowlight_cli.pipeline.report import Row
from lowlight_cli.pipeline.run_log import RunInfo
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.pipeline.stages import StageSeconds


@dataclass(frozen=True, slots=True)
class WorkerTask:
    """What a worker does.

    Attributes:
        settings: Settings of the run, with the device of this worker.
        folder: Output folder.
        records: Ending of the names of the records of a shard, as ``Plan.records``.
        options: Hash of the settings that affect results, for the journal.
        backup_dir: Folder that keeps the originals of an in-place run.
        torch_threads: Threads of the model on a CPU, where another number changes the last bits; None is
            the default of the machine.
    """

    settings: EnhanceSettings
    folder: Path
    records: str
    options: str
    backup_dir: Path | None = None
    torch_threads: int | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Jobs for a worker.

    Attributes:
        jobs: What to read and write.
        info: Manifest fields that all images of the run share.
        measured: Outputs of the images of the run in which blur is measured.
    """

    jobs: tuple[Job, ...]
    info: RunInfo
    measured: frozenset[Path]


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is loaded. Device, number format, and why that format was chosen."""

    device: str
    precision: str
    reason: str


@dataclass(frozen=True, slots=True)
class Warned:
    """The worker deviates from the settings."""

    text: str


@dataclass(frozen=True, slots=True)
class Working:
    """The model starts on an image."""

    source: Path


@dataclass(frozen=True, slots=True)
class Crashed:
    """An image failed because of a bug; its row follows."""

    row: Row
    error: BaseException


@dataclass(frozen=True, slots=True)
class Finished:
    """An image is finished."""

    row: Row


@dataclass(frozen=True, slots=True)
class ChunkEnded:
    """All jobs of a chunk have rows, unless the worker was asked to stop or the disk is full.

    Attributes:
        stages: Where the time went.
        count: Number of chunks, if others came before the first was done.
    """

    stages: StageSeconds = field(default_factory=StageSeconds)
    count: int = 1


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker cannot go on."""

    error: BaseException


Message = Ready | Warned | Working | Crashed | Finished | ChunkEnded | Failed
