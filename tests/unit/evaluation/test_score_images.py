"""Reading, enhancing, timing and scoring images, without a command around it."""

import numpy as np
import pytest
import torch

from lowlight_cli.datasets.matching import match
from lowlight_cli.errors import ImageError, UnexpectedImageError, WeightsError
from lowlight_cli.evaluation.columns import column_named
from lowlight_cli.evaluation.extremes import Extremes
from lowlight_cli.evaluation.score import Scorer
from lowlight_cli.evaluation.score_images import ImageEvents, score_images
from lowlight_cli.evaluation.stopwatch import Stopwatch
from lowlight_cli.pipeline.device_errors import DeviceLostError

CPU = torch.device("cpu")


class Heard(ImageEvents):
    """Keeps what it hears."""

    def __init__(self):
        self.problems, self.causes = [], []

    def failed(self, problem, cause):
        self.problems.append(problem)
        self.causes.append(cause)


@pytest.fixture
def partners(make_picture, tmp_path):
    sizes = [(24, 16), (20, 16), (24, 16), (20, 16), (24, 16)]
    for index, size in enumerate(sizes):
        make_picture(tmp_path / "low" / f"{index}.png", size, seed=index)
        make_picture(tmp_path / "gt" / f"{index}.png", size, seed=50 + index)
    return match(tmp_path / "low", tmp_path / "gt").partners


def test_results_keep_the_order_and_do_not_depend_on_batches(partners):
    scorer = Scorer(["psnr", "ssim"])
    scored = [score_images(partners, list, scorer, Stopwatch(CPU), batch_size=size)[0] for size in (1, 2, 8)]
    assert [image.name for image in scored[0]] == ["0", "1", "2", "3", "4"]
    assert scored[0] == scored[1] == scored[2]


def test_batches_hold_images_of_one_size(partners):
    shapes = []

    def enhance(images):
        shapes.append([image.shape for image in images])
        return images

    score_images(partners, enhance, Scorer(["psnr"]), Stopwatch(CPU), batch_size=2)
    assert all(len(set(batch)) == 1 and len(batch) <= 2 for batch in shapes)


def test_an_error_that_a_method_returns_for_an_image_is_a_problem(partners):
    def enhance(images):
        return [ImageError("oom", "too large") if each.shape[1] == 20 else each for each in images]

    events = Heard()
    images, problems = score_images(partners, enhance, Scorer(["psnr"]), Stopwatch(CPU), events=events)
    assert [image.name for image in images] == ["0", "2", "4"]
    assert [problem.code for problem in problems] == ["oom", "oom"]
    assert events.problems == problems


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_an_image_on_which_a_method_raises_costs_only_itself(partners, batch_size):
    dark = [np.asarray(each) for each in _pixels(partners)]

    def enhance(images):
        if any(np.array_equal(image, dark[2]) for image in images):
            raise ValueError("this image is wrong")
        return images

    events, stopwatch = Heard(), Stopwatch(CPU)
    images, problems = score_images(
        partners, enhance, Scorer(["psnr"]), stopwatch, batch_size=batch_size, events=events
    )
    whole, _ = score_images(partners, list, Scorer(["psnr"]), Stopwatch(CPU))
    assert images == [image for image in whole if image.name != "2"]
    assert [(problem.path, problem.code) for problem in problems] == [(partners[2].picture, "internal")]
    assert "ValueError: this image is wrong" in problems[0].message
    assert events.problems == problems
    assert isinstance(events.causes[0], UnexpectedImageError)
    assert isinstance(events.causes[0].__cause__, ValueError)
    assert stopwatch.runtime().n == 4


@pytest.mark.parametrize("batch_size", [1, 8])
def test_an_image_that_cannot_be_scored_costs_only_itself(partners, monkeypatch, batch_size):
    scorer = Scorer(["psnr"])
    score = scorer.score

    def broken(images, references):
        if len(images) > 2 or not images[0, 0, 0, 0]:
            raise RuntimeError("not enough memory: you tried to allocate 1 byte")
        return score(images, references)

    monkeypatch.setattr(scorer, "score", broken)

    def enhance(images):
        return [image * 0 if np.array_equal(image, dark) else image | 1 for image in images]

    dark = _pixels(partners)[4]
    images, problems = score_images(partners, enhance, scorer, Stopwatch(CPU), batch_size=batch_size)
    assert [image.name for image in images] == ["0", "1", "2", "3"]
    assert [(problem.path, problem.code) for problem in problems] == [(partners[4].picture, "oom")]


@pytest.mark.parametrize("error", [DeviceLostError("the device is lost"), WeightsError("damaged")])
def test_an_error_that_concerns_all_images_ends_the_evaluation(partners, error):
    def enhance(images):
        raise error

    with pytest.raises(type(error)):
        score_images(partners, enhance, Scorer(["psnr"]), Stopwatch(CPU))


def test_files_are_scored_as_they_are_and_not_timed(partners):
    stopwatch = Stopwatch(CPU)
    images, _ = score_images(partners, None, Scorer(["psnr"]), stopwatch)
    assert len(images) == 5
    assert stopwatch.runtime() is None


def test_each_size_is_warmed_up_before_it_is_timed():
    calls = []
    stopwatch = Stopwatch(CPU)
    small, large = np.zeros((4, 6, 3), np.uint8), np.zeros((8, 6, 3), np.uint8)
    for image in (small, small, large):
        stopwatch.time(lambda images: calls.append(1) or images, [image])
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


def test_thumbnails_are_kept_of_the_extremes(make_picture, tmp_path):
    for index in range(14):
        make_picture(tmp_path / "low" / f"{index:02}.png", (24, 16), seed=index)
        make_picture(tmp_path / "gt" / f"{index:02}.png", (24, 16), seed=50 + index)
    extremes = Extremes(column_named("psnr"))
    partners = match(tmp_path / "low", tmp_path / "gt").partners
    events = ImageEvents()
    events.made, events.scored = extremes.made, extremes.scored
    images, _ = score_images(partners, list, Scorer(["psnr"]), Stopwatch(CPU), events=events)
    ordered = [image.name for image in sorted(images, key=lambda each: each.values["psnr"])]
    assert set(extremes.thumbnails()) == {*ordered[:5], *ordered[-5:]}
    assert all(jpeg.startswith(b"\xff\xd8") for jpeg in extremes.thumbnails().values())


def _pixels(partners):
    from lowlight_cli.images.decode import decode

    return [decode(each.picture).pixels for each in partners]
