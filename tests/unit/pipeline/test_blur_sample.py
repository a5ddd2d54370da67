"""A small run measures every image for blur, a large one an even spread of a hundred."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.decode_ahead import SAMPLE_SIZE, is_in_sample, read_ahead
from lowlight_cli.pipeline.plan import Job


def sample_of(count: int) -> list[int]:
    return [index for index in range(count) if is_in_sample(index, count)]


@pytest.mark.parametrize("count", [0, 1, 2, 99, 100])
def test_a_small_run_measures_every_picture(count):
    assert sample_of(count) == list(range(count))


@pytest.mark.parametrize("count", [101, 150, 199, 200, 1234, 100_000])
def test_a_large_run_measures_a_hundred_at_even_distances(count):
    sample = sample_of(count)
    assert len(sample) == SAMPLE_SIZE == 100
    distances = set(np.diff([-1, *sample]).tolist())
    assert distances <= {count // 100, count // 100 + 1}
    assert sample[-1] == count - 1


@pytest.mark.parametrize("workers", [1, 5])
def test_the_measured_pictures_do_not_depend_on_threads(tmp_path: Path, workers: int):
    box = np.zeros((128, 128, 3), np.uint8)
    box[30:90, 30:90] = 200
    Image.fromarray(box).save(tmp_path / "a.png")
    jobs = [Job(tmp_path / "a.png", tmp_path / "out" / f"{number}.png") for number in range(130)]
    items = list(read_ahead(jobs, PipelineConfig(workers=workers)))
    assert [index for index, item in enumerate(items) if item.edge_width is not None] == sample_of(130)
