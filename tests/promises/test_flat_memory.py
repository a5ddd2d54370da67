"""Promise: memory does not grow with the number of pictures; benchmarks/memory.py tells it of thousands."""

import gc
import os
from pathlib import Path

import pytest
import torch

from lowlight_cli.device import FP32
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.engine import run_plan
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.plan import plan_jobs

STATM = Path("/proc/self/statm")


def _resident_bytes():
    gc.collect()
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not STATM.exists(), reason="only Linux tells how much memory a program holds")
def test_memory_is_flat_over_240_pictures(make_picture, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda number: None)  # slow, and not what is measured
    source = make_picture(tmp_path / "one.jpg", (320, 240))
    (tmp_path / "in").mkdir()
    for number in range(240):
        os.link(source, tmp_path / "in" / f"{number:03}.jpg")
    forward = ModelRunner(
        Identity(), EnhanceParams(Controls()), Limits(2**20), device=torch.device("cpu"), precision=FP32
    )
    held = []
    plan = plan_jobs([tmp_path / "in"], str(tmp_path / "out"))
    report = run_plan(
        plan,
        forward,
        PipelineConfig(queue_pixels=2**20),
        on_row=lambda row: held.append(_resident_bytes() if len(held) % 60 == 59 else 0),
    )
    assert report.count("ok") == 240
    # 180 pictures more are 41 MB of pixels: kept ones would show.
    assert held[239] - held[59] < 15e6
