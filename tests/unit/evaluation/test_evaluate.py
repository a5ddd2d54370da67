"""Reading, enhancing and timing, without a command around it."""

import numpy as np
import pytest
import torch

from lowlight_cli.datasets.matching import match
from lowlight_cli.errors import ImageError
from lowlight_cli.evaluation.columns import column_named
from lowlight_cli.evaluation.evaluate import Listener, score_pictures
from lowlight_cli.evaluation.extremes import Extremes
from lowlight_cli.evaluation.score import Scorer
from lowlight_cli.evaluation.stopwatch import Stopwatch

CPU = torch.device("cpu")


@pytest.fixture
def partners(make_picture, tmp_path):
    sizes = [(24, 16), (20, 16), (24, 16), (20, 16), (24, 16)]
    for index, size in enumerate(sizes):
        make_picture(tmp_path / "low" / f"{index}.png", size, seed=index)
        make_picture(tmp_path / "gt" / f"{index}.png", size, seed=50 + index)
    return match(tmp_path / "low", tmp_path / "gt").partners


def test_results_keep_the_order_and_do_not_depend_on_batches(partners):
    scorer = Scorer(["psnr", "ssim"])
    scored = [
        score_pictures(partners, list, scorer, Stopwatch(CPU), batch_size=size)[0] for size in (1, 2, 8)
    ]
    assert [picture.name for picture in scored[0]] == ["0", "1", "2", "3", "4"]
    assert scored[0] == scored[1] == scored[2]


def test_batches_hold_pictures_of_one_size(partners):
    seen = []

    def enhance(pictures):
        seen.append([picture.shape for picture in pictures])
        return pictures

    score_pictures(partners, enhance, Scorer(["psnr"]), Stopwatch(CPU), batch_size=2)
    assert all(len(set(shapes)) == 1 and len(shapes) <= 2 for shapes in seen)


def test_a_method_that_fails_on_a_picture_is_told_of(partners):
    def enhance(pictures):
        return [ImageError("oom", "too large") if each.shape[1] == 20 else each for each in pictures]

    failed = []
    pictures, problems = score_pictures(
        partners, enhance, Scorer(["psnr"]), Stopwatch(CPU), listener=Listener(failed=failed.append)
    )
    assert [picture.name for picture in pictures] == ["0", "2", "4"]
    assert [problem.code for problem in problems] == ["oom", "oom"]
    assert failed == problems


def test_files_are_scored_as_they_are_and_not_timed(partners):
    stopwatch = Stopwatch(CPU)
    pictures, _ = score_pictures(partners, None, Scorer(["psnr"]), stopwatch)
    assert len(pictures) == 5
    assert stopwatch.runtime() is None


def test_each_size_is_warmed_up_before_it_is_timed():
    calls = []
    stopwatch = Stopwatch(CPU)
    small, large = np.zeros((4, 6, 3), np.uint8), np.zeros((8, 6, 3), np.uint8)
    for picture in (small, small, large):
        stopwatch.time(lambda pictures: calls.append(1) or pictures, [picture])
    assert len(calls) == 5
    runtime = stopwatch.runtime()
    assert runtime.n == 3
    assert list(runtime.by_size) == ["6x4", "6x8"]
    assert runtime.median_ms > 0


def test_of_a_fourth_size_the_first_pass_does_not_count():
    stopwatch = Stopwatch(CPU)
    for side in (2, 3, 4, 5, 5):
        stopwatch.time(list, [np.zeros((side, side, 3), np.uint8)])
    assert stopwatch.runtime().n == 4


def test_a_gallery_keeps_the_extremes(make_picture, tmp_path):
    for index in range(14):
        make_picture(tmp_path / "low" / f"{index:02}.png", (24, 16), seed=index)
        make_picture(tmp_path / "gt" / f"{index:02}.png", (24, 16), seed=50 + index)
    extremes = Extremes(column_named("psnr"))
    listener = Listener(scored=extremes.scored, made=extremes.made)
    partners = match(tmp_path / "low", tmp_path / "gt").partners
    pictures, _ = score_pictures(partners, list, Scorer(["psnr"]), Stopwatch(CPU), listener=listener)
    ordered = [picture.name for picture in sorted(pictures, key=lambda each: each.values["psnr"])]
    assert set(extremes.thumbnails()) == {*ordered[:5], *ordered[-5:]}
    assert all(jpeg.startswith(b"\xff\xd8") for jpeg in extremes.thumbnails().values())
