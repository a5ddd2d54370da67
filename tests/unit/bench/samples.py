"""Results of measurements, as if made."""

from dataclasses import replace

from lowlight_cli.bench.result import BenchResult, Case, Machine, Setup, Size
from lowlight_cli.pipeline.stages import StageSeconds

SETUP = Setup("codeenhance", "lite", "cpu", "fp32", "as requested", "full", 1, 2, 2)
CASE = Case(
    name="photos",
    photos=4,
    available=9,
    megapixels=1.0,
    sizes=(Size(600, 400, 4),),
    seconds=2.0,
    run_seconds=(2.0, 2.2),
    images_per_second=2.0,
    megapixels_per_second=0.5,
    model_seconds=1.6,
    model_run_seconds=(1.6, 1.7),
    model_images_per_second=2.5,
    model_megapixels_per_second=0.625,
    share_of_model=0.8,
    stages=StageSeconds(read=0.2, wait_input=0.1, model=1.7, write=0.2, wait_output=0.1),
    other=0.1,
    peak_host_mb=1234.5,
    peak_gpu_mb=None,
    limit="model",
    limit_share=0.85,
)
MACHINE = Machine("a processor", 2, None, 0.1, False, "Linux x86_64", "3.11", "2.15", "0.1.0")
RESULT = BenchResult(1, MACHINE, SETUP, (CASE,))


def case(**changes):
    """A case that differs from ``CASE``."""
    return replace(CASE, **changes)
