"""Which options may help: they follow from what limits a run, and are tried before they are recommended."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lowlight_cli.bench.result import Advice, Case, Setup
from lowlight_cli.pipeline.choices import Detail
from lowlight_cli.pipeline.reduced_size import REDUCED_PIXELS
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.processors import shared_device

WORTH_IT = 1.1
"""Measured speed, relative to the given options, from which an option is recommended."""

NEARLY_ALL = 0.9
"""Share of the model's own rate from which only a faster model helps."""

_LARGE = 2 * REDUCED_PIXELS
"""Pixels from which a photo counts as large: at reduced size the model gets half of it or less."""

_MOST_WORKERS = 16
"""Most threads that are tried: more than the default helps where a disk answers slowly."""

_FASTEST_COMPRESSION = 1


@dataclass(frozen=True, slots=True)
class Possible:
    """What else this machine could do.

    Attributes:
        formats: Names of the 16-bit formats that the device supports.
        gpu: Kind of GPU that is not used, as in ``--device``; empty if there is none.
        processors: Processors that this program may use.
        has_png: Whether photos are PNG files.
    """

    formats: tuple[str, ...] = ()
    gpu: str = ""
    processors: int = 1
    has_png: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """Other options, to be tried.

    Attributes:
        option: As typed for ``lle enhance``.
        settings: The settings with this option.
        text: What else changes, as a sentence without a period.
        is_certain: Whether the stages show that it helps, even if there is no time to measure how much.
    """

    option: str
    settings: EnhanceSettings
    text: str
    is_certain: bool = False


def candidates(
    case: Case, setup: Setup, settings: EnhanceSettings, possible: Possible
) -> Iterator[Candidate]:
    """Options that may help against what limits a case, the most promising first.

    Args:
        case: What was measured.
        setup: How.
        settings: Settings of that run.
        possible: What else the machine could do.
    """
    if case.limit == "model":
        yield from _for_model(case, setup, settings, possible)
    if case.limit in ("reading", "writing"):
        yield from _for_files(case, setup, settings, possible)


def _for_model(
    case: Case, setup: Setup, settings: EnhanceSettings, possible: Possible
) -> Iterator[Candidate]:
    if possible.gpu:
        text = "the model runs on the GPU"
        yield replace(
            _changed(settings, "--device", possible.gpu, text, device=possible.gpu), is_certain=True
        )
    if settings.detail is not Detail.FAST and _has_large(case):
        text = "large photos pass the model at reduced size, so the finest detail differs"
        yield replace(_changed(settings, "--detail", "fast", text, detail=Detail.FAST), is_certain=True)
    if setup.device != "cpu" and settings.batch_size is not None:
        text = "results depend a little on the size of the pass"
        yield _changed(settings, "--batch-size", "auto", text, batch_size=None)
    if "bf16" in possible.formats and setup.precision in ("fp32", "tf32"):
        name = "bf16" if settings.precision == "auto" else "auto"
        text = "results differ more from fp32" if name == "bf16" else "results are nearly those of fp32"
        yield _changed(settings, "--precision", name, text, precision=name)


def _for_files(
    case: Case, setup: Setup, settings: EnhanceSettings, possible: Possible
) -> Iterator[Candidate]:
    most = possible.processors if setup.workers < possible.processors else 2 * setup.workers
    if setup.workers < (workers := min(most, _MOST_WORKERS)) and setup.workers < case.photos:
        yield _changed(settings, "--workers", f"{workers}", "results stay the same", workers=workers)
    if case.limit == "writing" and possible.has_png and settings.write.compression > _FASTEST_COMPRESSION:
        write = settings.write.model_copy(update={"compression": _FASTEST_COMPRESSION})
        text = "PNG files get larger"
        yield _changed(settings, "--compression", f"{_FASTEST_COMPRESSION}", text, write=write)


def following_advice(case: Case, setup: Setup, possible: Possible) -> Iterator[Advice]:
    """What follows from the stages alone.

    Args:
        case: What was measured.
        setup: How.
        possible: What else the machine could do.
    """
    percent = f"{100 * case.limit_share:.0f} %"
    if case.limit == "model" and setup.device == "cpu" and not possible.gpu:
        yield Advice("", f"a GPU would help: the model takes {percent} of the time")
    if case.limit == "model" and case.share_of_model >= NEARLY_ALL:
        yield Advice("", "threads and disks matter little: the run is nearly as fast as the model alone")
    devices = shared_device(setup.device, possible.processors)
    if setup.device.startswith("cuda") and case.share_of_model < NEARLY_ALL and devices:
        text = "processes that share the GPU read and write side by side; not measured here"
        yield Advice(f"--device {devices}", text)
    if case.limit in ("reading", "writing"):
        rate = f"the model alone does {_rate(case.model_images_per_second)} per second"
        yield Advice("", f"more processors or a faster disk would help: {case.limit} takes {percent}; {rate}")


def unmeasured_advice(candidate: Candidate) -> Advice | None:
    """Advice about an option that there was no time for; None unless it helps for certain.

    Args:
        candidate: The option.
    """
    return (
        Advice(candidate.option, f"{candidate.text}; not measured for lack of time")
        if candidate.is_certain
        else None
    )


def measured_advice(candidate: Candidate, speed: float) -> Advice | None:
    """Advice about an option that was tried; None if it is hardly faster, or slower.

    Args:
        candidate: The option.
        speed: Its speed relative to the given options.
    """
    return Advice(candidate.option, candidate.text, round(speed, 2)) if speed >= WORTH_IT else None


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _has_large(case: Case) -> bool:
    """Whether large photos hold most of the pixels of the most frequent sizes."""
    pixels = [(size.width * size.height, size.count) for size in case.sizes]
    large = sum(area * count for area, count in pixels if area >= _LARGE)
    return 2 * large > sum(area * count for area, count in pixels)


def _changed(settings: EnhanceSettings, name: str, value: str, text: str, **change: object) -> Candidate:
    return Candidate(f"{name} {value}", settings.model_copy(update=change), text)
