"""Result of a measurement: speed, stages, memory and the limit of each set of photos."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lowlight_cli.pipeline.report import ALL_FAILED, SOME_FAILED
from lowlight_cli.pipeline.stages import StageSeconds

Limit = Literal["reading", "model", "writing", "copying", "resizing", "program"]
"""What the thread that runs the model spends most time on, or waits for."""

UNSTEADY = 1.2
"""Ratio of the slowest to the fastest measurement from which others are assumed to have interfered."""

BUSY_SHARE = 0.5
"""Load per processor before the measurement from which a machine is called busy."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured.

    Attributes:
        processor: Name of the processor.
        processors: Processors that this program may use.
        gpu: Name of the GPU; None if none is used.
        load: Processes that ran or waited in the minute before (load average); None if not known.
        is_busy: Whether that is much for this machine.
        system: Operating system and architecture.
        python: Version.
        torch: Version.
        version: Version of this program; empty if it is not installed.
    """

    processor: str
    processors: int
    gpu: str | None
    load: float | None
    is_busy: bool
    system: str
    python: str
    torch: str
    version: str


@dataclass(frozen=True, slots=True)
class Setup:
    """How the photos were enhanced.

    Attributes:
        model: Name of the model.
        preset: Its preset.
        device: Where it ran.
        precision: Number format inside it.
        precision_reason: Why this format was chosen.
        detail: ``full``, ``fast`` or ``auto``.
        batch_size: Maximum number of images in a pass.
        workers: Number of reading threads, and of writing threads.
        threads: Threads of PyTorch on the CPU.
    """

    model: str
    preset: str
    device: str
    precision: str
    precision_reason: str
    detail: str
    batch_size: int
    workers: int
    threads: int


@dataclass(frozen=True, slots=True)
class Size:
    """Photos of one size in pixels."""

    width: int
    height: int
    count: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A photo that failed, with code and message as in ``pipeline.report.Row``."""

    photo: Path
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What would help.

    Attributes:
        option: Option of ``lle enhance`` as it is typed; empty if it is none.
        text: Why, and what else changes, in one sentence.
        speed: Measured speed relative to the given options; None if it follows from the stages.
    """

    option: str
    text: str
    speed: float | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Speed of one set of photos from file to file.

    Attributes:
        name: What was measured: ``photos``, or the size of synthetic photos.
        photos: Number of photos in a run.
        available: Number of photos that were given or made.
        megapixels: Pixels of a run, in millions.
        sizes: The most frequent sizes, at most three.
        seconds: Wall time of the fastest run.
        run_seconds: Wall time of each run.
        images_per_second: In the fastest run.
        megapixels_per_second: In the fastest run.
        model_seconds: Seconds of the model alone for the same photos, in the same passes; the least measured.
        model_run_seconds: Each measurement of them.
        model_images_per_second: Rate of the model alone.
        model_megapixels_per_second: Rate of the model alone.
        share_of_model: Share of that rate that the run reaches.
        stages: Seconds by stage in the fastest run; see ``StageSeconds``.
        other: Seconds of the fastest run outside of all stages of its main thread; None on a CUDA device,
            which works at the same time.
        peak_host_mb: Peak memory of the program in MiB; None if not known.
        peak_gpu_mb: Peak memory of PyTorch on the GPU in MiB; None without a GPU.
        limit: What limits the speed.
        limit_share: Share of the wall time that goes into it.
        advice: What would help, the most helpful first.
    """

    name: str
    photos: int
    available: int
    megapixels: float
    sizes: tuple[Size, ...]
    seconds: float
    run_seconds: tuple[float, ...]
    images_per_second: float
    megapixels_per_second: float
    model_seconds: float
    model_run_seconds: tuple[float, ...]
    model_images_per_second: float
    model_megapixels_per_second: float
    share_of_model: float
    stages: StageSeconds
    other: float | None
    peak_host_mb: float | None
    peak_gpu_mb: float | None
    limit: Limit
    limit_share: float
    advice: tuple[Advice, ...] = ()

    @property
    def is_steady(self) -> bool:
        """Whether repeated measurements took about the same time."""
        pairs = (self.run_seconds, self.model_run_seconds)
        return all(max(each) <= UNSTEADY * min(each) for each in pairs)


@dataclass(frozen=True, slots=True)
class BenchResult:
    """Result of a measurement.

    Attributes:
        v: Version of the keys: some may be added, and none is renamed.
        machine: Where.
        setup: How.
        cases: One for each set of photos; a set of which no photo could be enhanced is missing.
        failures: Photos that failed.
        warnings: Why the numbers may be off, and deviations from the settings.
        seconds: Duration of the whole measurement.
    """

    v: int
    machine: Machine
    setup: Setup
    cases: tuple[Case, ...]
    failures: tuple[Failure, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """0 success, 3 some photos failed, 4 all failed."""
        if not self.cases:
            return ALL_FAILED
        return SOME_FAILED if self.failures else 0


def other_seconds(stages: StageSeconds, seconds: float, device_type: str) -> float | None:
    """Seconds of a run outside of the stages that follow each other.

    Args:
        stages: Seconds by stage.
        seconds: Wall time.
        device_type: Type of the device, as in PyTorch.
    """
    if device_type == "cuda":
        return None
    inside = stages.wait_input + stages.copy_in + stages.model + stages.copy_out
    return max(0.0, seconds - inside - stages.resize - stages.wait_output)


def limit_of(stages: StageSeconds, other: float | None) -> tuple[Limit, float]:
    """What limits the speed, and its seconds.

    Args:
        stages: Seconds by stage.
        other: Seconds outside of the stages; None if not known.
    """
    parts: dict[Limit, float] = {
        "model": stages.model,
        "reading": stages.wait_input,
        "writing": stages.wait_output,
        "copying": stages.copy_in + stages.copy_out,
        "resizing": stages.resize,
        "program": other or 0.0,
    }
    name = max(parts, key=parts.__getitem__)
    return name, parts[name]
