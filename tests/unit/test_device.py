"""Which device and precision a word stands for."""

import pytest
import torch

from lowlight_cli.device import (
    BF16,
    FP16,
    FP32,
    TF32,
    choose_device,
    choose_precision,
    is_surely_fast,
    short_formats,
)
from lowlight_cli.errors import UnavailableError, UnknownNameError, UsageError

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "cpu:0", "cuda:-1", ""])
def test_unknown_devices_are_refused(name):
    with pytest.raises(UsageError, match="unknown device"):
        choose_device(name)


def test_a_device_that_is_not_here_is_unavailable():
    with pytest.raises(UnavailableError, match="not found; number of CUDA devices"):
        choose_device("cuda:99")


@pytest.mark.parametrize(("hardware", "device"), [("plain", CPU), ("cuda", CUDA)], indirect=["hardware"])
def test_auto_takes_a_gpu_where_there_is_one(hardware, device):
    assert choose_device("auto") == device
    assert choose_device("cpu") == CPU


@pytest.mark.parametrize(
    ("hardware", "formats", "trained_in"),
    [("plain", (), FP32), ("bf16", (BF16,), FP32), ("amx", (BF16,), BF16)],
    indirect=["hardware"],
)
def test_a_processor_needs_amx_to_be_surely_fast(hardware, formats, trained_in):
    assert short_formats(CPU) == formats
    assert choose_precision("auto", CPU) == trained_in


@pytest.mark.parametrize(("has_bf16", "formats"), [(True, (FP16, BF16)), (False, (FP16,))])
def test_a_gpu_needs_no_trial(monkeypatch, has_bf16, formats):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: has_bf16)
    assert short_formats(CUDA) == formats
    assert is_surely_fast(FP16, CUDA)
    assert choose_precision("auto", CUDA) == (BF16 if has_bf16 else FP32)


def test_precisions_by_name():
    assert choose_precision("fp16", CPU) == FP16
    assert choose_precision("tf32", CUDA) == TF32
    with pytest.raises(UnknownNameError):
        choose_precision("fp8", CPU)
    with pytest.raises(UsageError, match="needs a CUDA device"):
        choose_precision("tf32", CPU)


def _switches():
    return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32


@pytest.mark.parametrize(
    ("precision", "allowed"), [(FP32, False), (BF16, False), (FP16, False), (TF32, True)], ids=str
)
def test_tf32_is_off_unless_asked_for_and_what_was_set_comes_back(precision, allowed):
    before = _switches()
    with precision.on(CPU):
        assert _switches() == (allowed, allowed)
        assert torch.is_autocast_enabled("cpu") is (precision.dtype is not torch.float32)
    assert _switches() == before
    with pytest.raises(RuntimeError, match="a bug"), precision.on(CPU):
        raise RuntimeError("a bug")
    assert _switches() == before
