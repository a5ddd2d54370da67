"""Values of options are refused before torch is imported, and none that works is refused."""

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.accelerators import ACCELERATORS
from lowlight_cli.cli.param_types import check_devices
from lowlight_cli.device import choose_device, device_names, expand_devices
from lowlight_cli.errors import UnavailableError, UsageError

KINDS = sorted(ACCELERATORS)


@pytest.mark.parametrize("name", [name.replace("N", "3") for name in device_names()])
def test_every_device_is_let_through(name):
    assert check_devices(name) == name


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "cpu:0", "mps:1", "cuda:-1", "cpu,", "cpu,gpu"])
def test_what_is_no_device_is_refused(name):
    with pytest.raises(typer.BadParameter, match="unknown device"):
        check_devices(name)


@given(st.lists(st.sampled_from(["auto", "cpu", "gpu", "", *KINDS, *(f"{k}:0" for k in KINDS)]), max_size=3))
def test_nothing_that_works_is_refused(names):
    text = ",".join(names)
    try:
        for device in expand_devices(text):
            choose_device(device)
    except (UsageError, UnavailableError):
        return
    assert check_devices(text) == text
