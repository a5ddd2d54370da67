"""Whether a short number format is taken."""

import pytest
import torch

from lowlight_cli.inference import setup
from lowlight_cli.inference.precision_check import Agreement, compare_with_float32
from lowlight_cli.inference.settings import EnhanceSettings
from lowlight_cli.models.identity import Identity

CPU = torch.device("cpu")


class Off(Identity):
    """Off by some steps of 8 bits at one spot under autocast."""

    def __init__(self, steps, everywhere=False):
        super().__init__()
        self.steps = steps
        self.everywhere = everywhere

    def enhance(self, images, controls, *, observation=None, reference=None):
        images = images.clone()
        if torch.is_autocast_enabled("cpu"):
            images[..., : None if self.everywhere else 1, :] += self.steps / 255
        return images


class Unable(Identity):
    def enhance(self, images, controls, *, observation=None, reference=None):
        if torch.is_autocast_enabled("cpu"):
            raise NotImplementedError("not implemented for 'BFloat16'")
        return images


@pytest.mark.parametrize(
    ("enhancer", "is_close"),
    [
        (Identity(), True),
        (Off(2.9), True),
        (Off(3.2), False),
        (Off(0.6, everywhere=True), False),
        (Off(float("nan")), False),
        (Unable(), False),
    ],
    ids=["exact", "near", "one-spot", "everywhere", "nan", "unable"],
)
def test_the_limit_is_three_steps_and_half_a_step_on_average(enhancer, is_close):
    assert compare_with_float32(enhancer, CPU, torch.bfloat16).is_close is is_close


def test_the_numbers_are_steps_of_eight_bits():
    found = compare_with_float32(Off(2.0, everywhere=True), CPU, torch.bfloat16)
    assert found == pytest.approx(Agreement(2.0, 2.0), abs=1e-4)


@pytest.mark.parametrize(("enhancer", "name"), [(Off(1), "bf16"), (Off(9), "fp32")])
def test_auto_takes_bf16_on_a_cpu_only_where_nobody_sees_it(monkeypatch, enhancer, name):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    monkeypatch.setattr(setup, "load_enhancer", lambda *_, **__: enhancer)
    settings = EnhanceSettings(model="identity", device="cpu")
    facts = setup.describe(settings, setup.prepare_forward(settings))
    assert facts["precision"] == name
    assert "/255" in facts["precision_reason"]


def test_the_shipped_model_can_be_asked(monkeypatch):
    settings = EnhanceSettings(device="cpu")
    forward = setup.prepare_forward(settings)
    found = compare_with_float32(forward.enhancer, CPU, torch.bfloat16)
    assert found.largest < float("inf")
