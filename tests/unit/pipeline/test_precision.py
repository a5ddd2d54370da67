"""Which number format is taken, and why."""

import math

import pytest
import torch

from lowlight_cli.device import BF16, FP16, FP32, TF32
from lowlight_cli.errors import UsageError
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline import model_setup as setup
from lowlight_cli.pipeline import precision
from lowlight_cli.pipeline.agreement import Agreement, compare_with_float32
from lowlight_cli.pipeline.precision import choose_for
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.pipeline.speed_trial import SpeedTrial

CPU = torch.device("cpu")
DIFFERS = "differs from fp32 by {:.1f}/255 at most and {:.2f}/255 on average in a test image"


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
    """Raises under autocast, or always."""

    def __init__(self, failure, always=False):
        super().__init__()
        self.failure = failure
        self.always = always

    def enhance(self, images, controls, *, observation=None, reference=None):
        if self.always or torch.is_autocast_enabled("cpu"):
            raise self.failure
        return images


class Steady(SpeedTrial):
    """Finds the same speed each time; notes how often it was asked."""

    def __init__(self, speed):
        self.found = speed
        self.asked = []

    def speed(self, precision, enhancer, images):
        self.asked.append(precision.name)
        return self.found


@pytest.mark.parametrize(
    ("enhancer", "is_close"),
    [
        (Identity(), True),
        (Off(2.9), True),
        (Off(3.2), False),
        (Off(0.6, everywhere=True), False),
        (Off(float("nan")), False),
        (Unable(NotImplementedError("not implemented for 'BFloat16'")), False),
        (Unable(RuntimeError("CUDA error: out of memory")), False),
        (Unable(MemoryError()), False),
        (Unable(torch.OutOfMemoryError(), always=True), False),
    ],
    ids=["exact", "near", "one-spot", "everywhere", "nan", "unable", "memory", "python-memory", "no-memory"],
)
@pytest.mark.parametrize("short", [BF16, FP16], ids=["bf16", "fp16"])
def test_the_limit_is_three_steps_and_half_a_step_on_average(enhancer, is_close, short):
    assert compare_with_float32(enhancer, CPU, short).is_close is is_close


def test_the_numbers_are_steps_of_eight_bits():
    found = compare_with_float32(Off(2.0, everywhere=True), CPU, BF16)
    assert found == pytest.approx(Agreement(2.0, 2.0), abs=1e-4)


@pytest.mark.parametrize("hardware", ["amx"], indirect=True)
@pytest.mark.parametrize(("enhancer", "name"), [(Off(1), "bf16"), (Off(9), "fp32")])
def test_with_amx_the_agreement_decides(hardware, monkeypatch, enhancer, name):
    monkeypatch.setattr(setup, "load_enhancer", lambda *_, **__: enhancer)
    settings = EnhanceSettings(model="identity", device="cpu")
    runner = setup.make_runner(settings)
    assert runner.precision.name == name
    assert "/255" in runner.precision_reason


@pytest.mark.parametrize("hardware", ["bf16"], indirect=True)
@pytest.mark.parametrize(
    ("speed", "enhancer", "chosen", "reason"),
    [
        (1.5, Off(1), BF16, f"bf16 {DIFFERS.format(1.0, 0.01)}"),
        (1.5, Off(9), FP32, f"bf16 {DIFFERS.format(9.0, 0.09)}, which is too much"),
        (0.69, Off(1), FP32, "bf16 runs at 0.69 times the speed of fp32 here"),
        (1.5, Unable(RuntimeError("no kernel")), FP32, "bf16 gives no result"),
        (0.0, Unable(RuntimeError("no kernel")), FP32, "bf16 failed in a trial"),
    ],
    ids=["faster-and-close", "faster-but-far", "slower", "unable", "failed"],
)
def test_without_amx_a_trial_decides_first(hardware, speed, enhancer, chosen, reason):
    trial = Steady(speed)
    assert choose_for("auto", enhancer, CPU, trial) == (chosen, reason)
    assert trial.asked == ["bf16"]


@pytest.mark.parametrize("hardware", ["plain"], indirect=True)
def test_a_plain_processor_needs_neither_trial_nor_check(hardware):
    trial = Steady(9.0)
    choice = choose_for("auto", Unable(RuntimeError("not to be called"), always=True), CPU, trial)
    assert choice == (FP32, "the CPU has no fast 16-bit arithmetic")
    assert not trial.asked


@pytest.mark.parametrize(
    ("off", "chosen"),
    [({"fp16": 0.2, "bf16": 25.0}, FP16), ({"fp16": math.inf, "bf16": 1.0}, BF16), ({}, FP32)],
    ids=["fp16-first", "bf16-next", "neither"],
)
def test_a_gpu_is_checked_and_tries_the_more_exact_format_first(monkeypatch, off, chosen):
    asked = []

    def compare(enhancer, device, short):
        asked.append(short.name)
        return Agreement(off.get(short.name, 99.0), 0.1)

    monkeypatch.setattr(precision, "compare_with_float32", compare)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    trial = Steady(0.1)
    assert choose_for("auto", Identity(), torch.device("cuda", 0), trial).precision == chosen
    assert asked == ["fp16", "bf16"][: len(asked)]
    assert not trial.asked


@pytest.mark.parametrize(("name", "expected"), [("fp32", FP32), ("bf16", BF16), ("fp16", FP16)])
def test_what_is_asked_for_is_taken_unchecked(name, expected):
    enhancer = Unable(RuntimeError("not to be called"), always=True)
    assert choose_for(name, enhancer, CPU, Steady(0.1)) == (expected, "as requested")


def test_tf32_is_refused_where_there_is_none():
    assert choose_for("tf32", Identity(), torch.device("cuda", 0), Steady(1.0)).precision == TF32
    with pytest.raises(UsageError, match="needs a CUDA device"):
        choose_for("tf32", Identity(), CPU, Steady(1.0))


def test_the_shipped_model_can_be_asked():
    forward = setup.make_runner(EnhanceSettings(device="cpu", precision="fp32"))
    assert compare_with_float32(forward.enhancer, CPU, BF16).largest < float("inf")
