"""Which device and precision a word stands for."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch

from lowlight_cli.accelerators import ACCELERATORS
from lowlight_cli.device import (
    BF16,
    FP16,
    FP32,
    TF32,
    choose_device,
    choose_precision,
    choose_training_device,
    expand_devices,
    is_surely_fast,
    scoring_device,
    seeded,
    short_formats,
)
from lowlight_cli.errors import UnavailableError, UnknownNameError, UsageError

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


@pytest.mark.parametrize(
    "name", ["gpu", "cuda:", "cuda:x", "cpu:0", "cuda:-1", "", "mps:0", "xpu:x", "auto:0"]
)
def test_unknown_devices_are_refused(name):
    with pytest.raises(UsageError, match="unknown device"):
        choose_device(name)


@pytest.mark.parametrize("hardware", ["plain"], indirect=True)
@pytest.mark.parametrize(
    ("name", "title"), [("cuda", "CUDA"), ("cuda:1", "CUDA"), ("xpu", "Intel (xpu)"), ("mps", "Apple (mps)")]
)
def test_a_device_that_is_not_here_is_unavailable(hardware, name, title):
    with pytest.raises(UnavailableError) as caught:
        choose_device(name)
    assert str(caught.value) == f"no {title} device found (--device {name}); use --device cpu"


@pytest.mark.parametrize("hardware", ["cuda"], indirect=True)
def test_a_number_beyond_the_last_gpu_is_unavailable(hardware):
    with pytest.raises(UnavailableError, match=r"CUDA device 1 not found \(--device cuda:1\); found: 1"):
        choose_device("cuda:1")


def _put_in(monkeypatch, kind, count, **answers):
    module = torch.get_device_module(kind)
    answers = {"is_available": lambda: True, "device_count": lambda: count, **answers}
    for name, answer in answers.items():
        monkeypatch.setattr(module, name, answer, raising=False)


@pytest.mark.parametrize("hardware", ["plain"], indirect=True)
@pytest.mark.parametrize(("kind", "name"), [("xpu", "xpu:1"), ("mps", "mps")])
def test_an_untried_gpu_is_used_on_request_only(hardware, monkeypatch, kind, name):
    _put_in(monkeypatch, kind, 2)
    assert choose_device(name) == torch.device(kind, 1 if ":" in name else 0)
    assert choose_device("auto") == CPU


@pytest.mark.parametrize("hardware", ["plain"], indirect=True)
@pytest.mark.parametrize(("kind", "has_fp64"), [("mps", False), ("xpu", False), ("xpu", True)])
def test_training_and_metrics_need_64_bit_numbers(hardware, monkeypatch, kind, has_fp64):
    _put_in(monkeypatch, kind, 1, get_device_properties=lambda index=0: SimpleNamespace(has_fp64=has_fp64))
    assert scoring_device(kind) == (torch.device(kind, 0) if has_fp64 else CPU)
    if has_fp64:
        assert choose_training_device(kind) == torch.device(kind, 0)
    else:
        with pytest.raises(UnavailableError, match="training needs 64-bit numbers"):
            choose_training_device(kind)


def test_random_numbers_start_with_a_seed_and_go_on_as_before():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    with seeded(CPU, 7):
        drawn = torch.rand(2)
    assert torch.equal(torch.rand(4), expected)
    torch.manual_seed(7)
    assert torch.equal(torch.rand(2), drawn)


@pytest.mark.parametrize("name", ["cuda", "xpu"])
def test_one_gpu_gets_a_seed(name, monkeypatch):
    calls, module = [], torch.get_device_module(name)

    @contextmanager
    def device(which):
        calls.append(which)
        yield
        calls.append("end")

    monkeypatch.setattr(module, "device", device)
    monkeypatch.setattr(module, "manual_seed", calls.append)
    ACCELERATORS[name].seed(torch.device(name, 1), 7)
    assert calls == [torch.device(name, 1), 7, "end"]


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


@pytest.mark.parametrize("hardware", ["plain"], indirect=True)
@pytest.mark.parametrize(
    ("name", "devices"),
    [
        ("cpu", ("cpu",)),
        ("auto", ("auto",)),
        ("cpu,cpu", ("cpu", "cpu")),
        ("xpu:all", ("xpu:0", "xpu:1", "xpu:2")),
        ("xpu:2, xpu:0", ("xpu:2", "xpu:0")),
        ("xpu,xpu:0", ("xpu:0", "xpu:0")),
    ],
)
def test_several_devices_keep_their_order_and_may_be_named_twice(hardware, monkeypatch, name, devices):
    _put_in(monkeypatch, "xpu", 3)
    assert expand_devices(name) == devices


@pytest.mark.parametrize("hardware", ["plain"], indirect=True)
@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("cuda:all", UnavailableError, "no CUDA device found (--device cuda:all); use --device cpu"),
        ("cuda:0,cuda:1", UnavailableError, "no CUDA device found (--device cuda:0); use --device cpu"),
        ("xpu:0,xpu:3", UnavailableError, "Intel (xpu) device 3 not found (--device xpu:3); found: 3"),
        ("cuda:0,cpu", UsageError, "--device cuda:0,cpu: the devices must be of one kind"),
        ("cpu,auto", UsageError, "--device cpu,auto: auto and cuda:all go in no list"),
        ("cuda:all,cuda:0", UsageError, "auto and cuda:all go in no list"),
        ("cpu,", UsageError, "unknown device ''"),
        ("cpu,gpu", UsageError, "unknown device 'gpu'"),
    ],
)
def test_lists_that_cannot_be_used_are_refused(hardware, monkeypatch, name, kind, words):
    _put_in(monkeypatch, "xpu", 3)
    with pytest.raises(kind) as caught:
        expand_devices(name)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["cuda:all", "cpu,cpu"])
def test_one_device_is_not_several(name):
    with pytest.raises(UsageError, match="only enhance and detect-prep use several devices; choose one"):
        choose_device(name)
