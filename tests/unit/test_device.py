"""Which device and precision a word stands for."""

import pytest
import torch

from lowlight_cli.device import choose_device, choose_precision, describe_precision, forward_pixels
from lowlight_cli.errors import UnavailableError, UnknownNameError, UsageError

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "cpu:0", "cuda:-1", ""])
def test_unknown_devices_are_refused(name):
    with pytest.raises(UsageError, match="unknown device"):
        choose_device(name)


def test_a_device_that_is_not_here_is_unavailable():
    with pytest.raises(UnavailableError, match="not here"):
        choose_device("cuda:99")


def test_auto_takes_a_gpu_where_there_is_one():
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_device("cpu") == CPU


@pytest.mark.parametrize(
    ("found", "precision"), [({"amx_bf16": True}, "bf16"), ({"avx512_bf16": False}, "fp32")]
)
def test_auto_takes_bf16_where_the_processor_has_it(monkeypatch, found, precision):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found)
    assert describe_precision(choose_precision("auto", CPU)) == precision


def test_precisions_by_name():
    assert choose_precision("fp16", CPU) is torch.float16
    with pytest.raises(UnknownNameError):
        choose_precision("fp8", CPU)


def test_a_pass_on_a_cpu_takes_two_megapixels():
    assert forward_pixels(CPU) == 2**21
