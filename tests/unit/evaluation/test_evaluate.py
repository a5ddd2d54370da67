"""Evaluations asked for from Python: requests, results, and what an observer hears."""

from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from lowlight_cli.errors import UnknownNameError, UsageError, WeightsError
from lowlight_cli.evaluation import baselines, defaults
from lowlight_cli.evaluation.evaluate import evaluate
from lowlight_cli.evaluation.observer import Observer
from lowlight_cli.evaluation.request import EvalRequest
from lowlight_cli.models.controls import Controls
from lowlight_cli.pipeline.settings import EnhanceSettings

ON_CPU = EnhanceSettings(device="cpu", precision="fp32")


class Heard(Observer):
    """Keeps what it hears, in order."""

    def __init__(self):
        self.events, self.crashes = [], []

    @contextmanager
    def progress(self, total):
        self.events.append(("begin", total))
        yield
        self.events.append(("end",))

    def warning(self, text):
        self.events.append(("warning", text.split()[0]))

    def unpaired(self, method, problem):
        self.events.append(("unpaired", method, problem.code))

    def scored(self, method, image):
        self.events.append(("scored", method, image.name))

    def failed(self, method, problem):
        self.events.append(("failed", method, problem.code))

    def crash(self, method, problem, error):
        self.crashes.append((method, problem.path.name, str(error)))


@pytest.fixture
def folders(make_picture, tmp_path):
    for index in range(3):
        make_picture(tmp_path / "low" / f"{index}.png", seed=index)
        make_picture(tmp_path / "gt" / f"{index}.png", seed=50 + index)
    return tmp_path / "low", tmp_path / "gt"


def test_a_request_takes_plain_values_of_python(folders):
    low, gt = folders
    request = EvalRequest(low=str(low), gt=gt, methods=["input"], pred=low, metrics="PSNR, mae,psnr")
    assert [each.title for each in request.parsed_methods()] == ["input", "low"]
    assert request.metrics == ("psnr", "mae")
    assert request.columns() == ("psnr", "mae")
    assert (request.protocol, request.settings.precision) == (defaults.PROTOCOL, "fp32")
    assert [each.name for each in EvalRequest(low=low, gt=gt).parsed_methods()] == ["codeenhance"]
    assert [each.name for each in EvalRequest(low=low).parsed_methods()] == ["codeenhance", "input"]
    assert EvalRequest(low=low, gt=gt, metrics=["psnr,mae", "ssim", "psnr"]).metrics == (
        "psnr",
        "mae",
        "ssim",
    )
    assert EvalRequest(low=low, gt=gt, gt_mean=True).columns()[:2] == ("psnr", "psnr*")


@pytest.mark.parametrize(
    ("values", "error", "text"),
    [
        ({}, UsageError, "give dark images"),
        ({"dataset": "LOL", "gt": "gt"}, UsageError, "excludes"),
        ({"dataset": "nothing"}, UnknownNameError, "nothing"),
        ({"low": "low", "split": "test"}, UsageError, "needs --dataset"),
        ({"low": "low", "metrics": ["psnr"]}, UsageError, "needs references"),
        ({"dataset": "exdark", "metrics": "psnr,ssim"}, UsageError, "ExDark has none; .* needs none: niqe"),
        ({"low": "low", "metrics": []}, UsageError, "names no metric"),
        ({"low": "low", "metrics": ["pnsr"]}, UnknownNameError, "did you mean 'psnr'"),
        ({"low": "low", "protocol": "glear"}, UnknownNameError, "did you mean 'glare'"),
        ({"pred": ["low"], "save_pred": "kept"}, UsageError, "would save nothing"),
        (
            {"low": "low", "methods": ["gamma"], "settings": EnhanceSettings(strength=0.5)},
            UsageError,
            "--strength would change nothing",
        ),
        (
            {"low": "low", "settings": EnhanceSettings(controls=Controls(temperature=0.5))},
            UsageError,
            "has no control 'temperature'",
        ),
    ],
    ids=str,
)
def test_a_request_that_contradicts_itself_is_refused(values, error, text):
    with pytest.raises(error, match=text):
        EvalRequest(**values)


def test_scores_are_returned_and_an_observer_hears_of_each_image(folders):
    low, gt = folders
    (low / "2.png").unlink()
    heard = Heard()
    request = EvalRequest(
        low=low, gt=gt, methods=("input", "gamma"), metrics=("psnr", "lpips"), limit=1, settings=ON_CPU
    )
    found = evaluate(request.model_copy(update={"metrics_dir": low}), heard)
    one, other = (np.asarray(Image.open(side / "0.png")).astype(float) for side in folders)
    expected = 10 * np.log10(255**2 / ((one - other) ** 2).mean())
    assert found.methods[0].images[0].values["psnr"] == pytest.approx(expected)
    assert heard.events == [
        ("warning", "LPIPS"),
        ("begin", 2),
        ("unpaired", "input", "missing"),
        ("scored", "input", "0"),
        ("unpaired", "gamma", "missing"),
        ("scored", "gamma", "0"),
        ("end",),
    ]


def test_an_image_that_fails_in_one_method_is_a_problem_of_that_method(folders, monkeypatch):
    low, gt = folders
    dark = np.asarray(Image.open(low / "1.png"))

    def fails_on_one():
        def method(images):
            pixels = images[0].mul(255).round().byte().permute(1, 2, 0).numpy()
            if np.array_equal(pixels, dark):
                raise RuntimeError("cannot be enhanced")
            return images

        return method

    broken = baselines.Baseline("gamma", "Fails on one image.", fails_on_one)
    monkeypatch.setattr(baselines.BASELINES, "_entries", {**baselines.BASELINES._entries, "gamma": broken})
    heard = Heard()
    request = EvalRequest(
        low=low, gt=gt, methods=["gamma", "input"], metrics=["psnr"], thumbnails=True, settings=ON_CPU
    )
    found = evaluate(request, heard)
    first, second = found.methods
    assert [image.name for image in first.images] == ["0", "2"]
    assert [(each.path.name, each.code) for each in first.problems] == [("1.png", "internal")]
    assert second.is_complete
    assert found.exit_code == 3
    assert ("failed", "gamma", "internal") in heard.events
    assert heard.crashes == [("gamma", "1.png", "cannot be enhanced")]
    assert set(found.thumbnails) == {"0", "2"}


def test_thumbnails_are_of_the_method_that_is_no_classic_one(folders):
    low, gt = folders
    request = EvalRequest(
        low=low, gt=gt, methods="input", pred=low, metrics="psnr", thumbnails=True, limit=2, settings=ON_CPU
    )
    found = evaluate(request)
    assert found.judged.name == "low"
    assert set(found.thumbnails) == {"0", "1"}


def test_without_images_there_is_nothing_to_score(tmp_path):
    with pytest.raises(WeightsError, match="no images in"):
        evaluate(EvalRequest(pred=tmp_path, gt=tmp_path, metrics="psnr"))


def test_folders_that_are_missing_are_named(tmp_path):
    with pytest.raises(UsageError, match=r"--gt '.*nowhere' is not a folder"):
        evaluate(EvalRequest(pred=tmp_path, gt=tmp_path / "nowhere", metrics="psnr"))
