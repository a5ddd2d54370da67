"""A kind of GPU that was never tried is compared with the CPU before it is used."""

import pytest
import torch

from lowlight_cli.accelerators import Accelerator
from lowlight_cli.errors import UnavailableError
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline import model_setup
from lowlight_cli.pipeline.settings import EnhanceSettings

CPU = torch.device("cpu")


class Elsewhere(Identity):
    """Stands for a model on another device, whose results are off by some steps of 8 bits."""

    def __init__(self, steps=0.0, failure=None):
        super().__init__()
        self.steps, self.failure = steps, failure

    def enhance(self, images, controls, *, observation=None, reference=None):
        if self.failure is not None:
            raise self.failure
        return images + self.steps / 255


class HalfOff(Identity):
    """Off by one step of 8 bits in the left half."""

    def enhance(self, images, controls, *, observation=None, reference=None):
        images = images.clone()
        images[..., : images.shape[-1] // 2] += 1 / 255
        return images


def _make(monkeypatch, there, *, is_tried=False):
    """A runner for ``there``, on a CPU that passes for an untried GPU."""
    models = [there, Identity()]
    monkeypatch.setattr(model_setup, "load_enhancer", lambda *_, **__: models.pop(0))
    gpu = Accelerator("cuda", "New", is_tried=is_tried)
    monkeypatch.setattr(model_setup, "accelerator_of", lambda device: gpu)
    settings = EnhanceSettings(model="identity", device="cpu", precision="fp32")
    warnings = []
    return model_setup.make_runner(settings, on_warning=warnings.append), warnings


def test_one_that_agrees_is_used_and_named(monkeypatch):
    runner, warnings = _make(monkeypatch, HalfOff())
    assert isinstance(runner.enhancer, HalfOff)
    assert warnings == [
        "New devices are untried; a test image differs from the CPU by 1.0/255 at most, 0.50/255 on average"
    ]


@pytest.mark.parametrize("steps", [4, float("nan")])
def test_one_that_gives_other_results_is_refused(monkeypatch, steps):
    with pytest.raises(UnavailableError, match=r"gives other results than the CPU .*; use --device cpu"):
        _make(monkeypatch, Elsewhere(steps=steps))


def test_one_that_lacks_an_operation_is_refused_with_the_reason(monkeypatch):
    failure = NotImplementedError("The operator 'aten::x' is not implemented\nmore lines")
    with pytest.raises(UnavailableError) as caught:
        _make(monkeypatch, Elsewhere(failure=failure))
    assert str(caught.value) == (
        "cpu cannot run model 'identity': The operator 'aten::x' is not implemented; use --device cpu"
    )


def test_a_tried_kind_is_not_compared(monkeypatch):
    runner, warnings = _make(monkeypatch, Elsewhere(steps=4), is_tried=True)
    assert isinstance(runner.enhancer, Elsewhere)
    assert warnings == []
