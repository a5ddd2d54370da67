"""A model that raises when it should, and runs with it."""

import torch

from lowlight_cli.device import FP32
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.engine import run_plan
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.warnings import Warnings

CPU = torch.device("cpu")
ILLEGAL = torch.AcceleratorError("CUDA error: an illegal memory access was encountered\nmore lines")


class Moody(Identity):
    """Raises where ``rejects`` says so of images and whether they are in 16 bits; notes all passes."""

    def __init__(self, rejects, failure=None):
        super().__init__()
        self.rejects = rejects
        self.failure = failure
        self.passes = []

    def enhance(self, images, controls, *, observation=None, reference=None):
        is_short = torch.is_autocast_enabled("cpu")
        self.passes.append((len(images), is_short))
        if self.rejects(images, is_short):
            raise self.failure or IndexError("list index out of range")
        return images


def is_white(images, is_short):
    return bool((images == 1).flatten(1).all(1).any())


def run(plan, model, *, precision=FP32, batch_size=6, texts=None):
    """Report of a run, and its crashes as names of files with errors."""
    warnings = Warnings(texts.append) if texts is not None else None
    forward = ModelRunner(
        model, EnhanceParams(Controls()), Limits(2**20), device=CPU, precision=precision, warnings=warnings
    )
    crashes = []
    report = run_plan(
        plan,
        forward,
        PipelineConfig(workers=1, batch_size=batch_size),
        on_crash=lambda row, error: crashes.append((row.source.name, error)),
    )
    return report, crashes


def by_name(report):
    return sorted(report.rows, key=lambda row: row.source)
