"""Sets of photos: how they are written, made, and chosen from."""

import hashlib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lowlight_cli.bench.case import evenly
from lowlight_cli.bench.request import BenchRequest, PhotoSet, parse_sets
from lowlight_cli.bench.synthetic import make_photos
from lowlight_cli.errors import UnknownNameError, UsageError
from lowlight_cli.pipeline.plan import Job
from lowlight_cli.pipeline.settings import EnhanceSettings


def test_sets_are_read():
    assert parse_sets("40:600x400, 2:4000x3000") == (PhotoSet(40, 600, 400), PhotoSet(2, 4000, 3000))


@pytest.mark.parametrize(
    "text", ["", "40", "0:6x4", "4:0x4", "4:6x4,", "4x6x4", "4:6x4,5:6x4", "4:6x4 5:7x4"]
)
def test_sets_that_cannot_be_read_are_refused(text):
    with pytest.raises(UsageError, match="--synthetic"):
        parse_sets(text)


def test_an_unknown_model_is_refused_before_anything_is_made():
    with pytest.raises(UnknownNameError):
        BenchRequest(settings=EnhanceSettings(model="nothing"))


def test_photos_are_dark_and_the_same_each_time(tmp_path):
    for name in ("a", "b"):
        make_photos(tmp_path / name, PhotoSet(10, 60, 520))
    digests = [
        [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((tmp_path / name).iterdir())]
        for name in ("a", "b")
    ]
    assert digests[0] == digests[1]
    assert (len(digests[0]), len(set(digests[0]))) == (10, 8)
    with Image.open(tmp_path / "a" / "0000000.jpg") as image:
        assert image.size == (60, 520)
        assert image.convert("L").getextrema()[1] < 100


@given(st.integers(1, 200), st.integers(1, 300))
def test_photos_are_chosen_evenly(available, count):
    jobs = [Job(Path(f"{number}"), Path()) for number in range(available)]
    chosen = [jobs.index(job) for job in evenly(jobs, count)]
    assert len(chosen) == min(count, available)
    gaps = {after - before for before, after in pairwise(chosen)}
    assert not gaps or (min(gaps) >= 1 and max(gaps) - min(gaps) <= 1)


def test_the_middle_photo_is_chosen_alone():
    jobs = [Job(Path(f"{number}"), Path()) for number in range(5)]
    assert evenly(jobs, 1) == [jobs[2]]
