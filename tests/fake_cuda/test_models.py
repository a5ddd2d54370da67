"""Every model runs on a GPU in every precision, stays there, and takes what its entry says."""

import pytest

from lowlight_cli.models.catalog import MODELS
from tests.fake_cuda.cases import COST_SIDE, PRECISIONS, SIDE

SIZES = [
    pytest.param(entry, preset, id=f"{name}-{preset}")
    for name, entry in MODELS.items()
    for preset in entry.presets
]


@pytest.mark.parametrize(("entry", "preset"), SIZES)
def test_every_call_gives_a_picture_on_the_device(facts, entry, preset):
    calls = facts["calls"][f"{entry.name} {preset}"]
    assert {name: call["error"] for name, call in calls.items() if "error" in call} == {}
    assert {call["device"] for call in calls.values()} == {"cuda"}
    pictures = {name: call["shape"] for name, call in calls.items() if name != "fp32 observe"}
    assert len(pictures) >= (2 + len(entry.views)) * len(PRECISIONS)
    assert pictures.pop("fp32 enhance") == [1, 3, COST_SIDE, COST_SIDE]
    assert [name for name, shape in pictures.items() if shape != [1, 3, SIDE, SIDE]] == []


@pytest.mark.parametrize(("entry", "preset"), SIZES)
def test_no_model_waits_for_the_device_or_copies_anything(facts, entry, preset):
    calls = facts["calls"][f"{entry.name} {preset}"]
    assert {event for call in calls.values() for event in call.get("events", [])} == set()


def test_models_that_take_a_reference_were_run_with_one(facts):
    found = {label for label, calls in facts["calls"].items() if "bf16 enhance with a reference" in calls}
    assert "codeenhance lite" in found


@pytest.mark.parametrize(("entry", "preset"), SIZES)
def test_a_pass_takes_what_the_entry_says(facts, entry, preset):
    """If this fails, `python benchmarks/pass_costs.py` prints what the entry should say."""
    run, said = facts["calls"][f"{entry.name} {preset}"]["fp32 enhance"], entry.pass_costs[preset]
    assert said.bytes_per_pixel == pytest.approx(run["bytes"] / COST_SIDE**2, rel=0.03)
    assert said.elements_per_pixel == pytest.approx(run["elements"] / COST_SIDE**2, rel=0.03)
