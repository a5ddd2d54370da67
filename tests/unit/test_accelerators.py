"""What is said of GPUs, kind by kind, with PyTorch's answers replaced."""

from types import SimpleNamespace

import pytest
import torch

from lowlight_cli.accelerators import ACCELERATORS, accelerator_of, make_default

GIB = 2**30


def _answer(monkeypatch, kind, **answers):
    for name, answer in answers.items():
        monkeypatch.setattr(torch.get_device_module(kind), name, answer, raising=False)


@pytest.mark.parametrize("kind", ACCELERATORS)
def test_none_is_counted_where_pytorch_has_none(monkeypatch, kind):
    _answer(monkeypatch, kind, is_available=lambda: False, device_count=lambda: 3)
    assert ACCELERATORS[kind].count() == 0
    _answer(monkeypatch, kind, is_available=lambda: True)
    assert ACCELERATORS[kind].count() == 3


@pytest.mark.parametrize("kind", ["cuda", "xpu"])
def test_gpus_with_memory_of_their_own(monkeypatch, kind):
    _answer(
        monkeypatch,
        kind,
        get_device_name=lambda index: f"GPU {index}",
        get_device_properties=lambda index: SimpleNamespace(total_memory=24 * GIB),
        mem_get_info=lambda device: (5 * GIB, 24 * GIB),
        max_memory_allocated=lambda device: 2 * GIB,
    )
    gpu, device = ACCELERATORS[kind], torch.device(kind, 1)
    assert gpu.describe(1) == "GPU 1, 24 GiB"
    assert gpu.free_bytes(device) == 5 * GIB
    assert gpu.peak_bytes(device) == 2 * GIB


@pytest.mark.parametrize(("held", "free"), [(4 * GIB, 8 * GIB), (13 * GIB, 0)])
def test_an_apple_gpu_shares_its_memory(monkeypatch, held, free):
    _answer(
        monkeypatch,
        "mps",
        recommended_max_memory=lambda: 12 * GIB,
        driver_allocated_memory=lambda: held,
    )
    gpu, device = ACCELERATORS["mps"], torch.device("mps")
    assert gpu.describe(0) == "Apple GPU, 12 GiB of shared memory"
    assert gpu.free_bytes(device) == free
    assert gpu.peak_bytes(device) == held


@pytest.mark.parametrize("kind", ACCELERATORS)
def test_waiting_and_freeing_reach_the_kind_of_the_device(monkeypatch, kind):
    calls = []
    _answer(
        monkeypatch,
        kind,
        synchronize=lambda *device: calls.append("wait"),
        empty_cache=lambda: calls.append("free"),
    )
    found = accelerator_of(torch.device(kind))
    assert found is ACCELERATORS[kind]
    found.synchronize(torch.device(kind))
    found.empty_cache()
    assert calls == ["wait", "free"]


def test_the_cpu_is_no_accelerator():
    assert accelerator_of(torch.device("cpu")) is None


@pytest.mark.parametrize(
    ("name", "chosen"), [("cuda:1", ["cuda:1"]), ("xpu:0", ["xpu:0"]), ("mps", []), ("cpu", [])]
)
def test_a_process_uses_its_gpu_where_none_is_named(monkeypatch, name, chosen):
    calls = []
    for kind in ACCELERATORS:
        _answer(monkeypatch, kind, set_device=lambda device: calls.append(str(device)))
    make_default(torch.device(name))
    assert calls == chosen
