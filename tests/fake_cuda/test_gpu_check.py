"""The check of a GPU would run on one: its calls of torch.cuda, and devices and types of its tensors."""

import pytest

from tests.fake_cuda.child import UnavailableError, facts_of


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory):
    """What ``rehearsal.rehearse`` gives."""
    try:
        return facts_of("gpu check", tmp_path_factory.mktemp("fake-cuda"))
    except UnavailableError as error:
        pytest.skip(str(error))


def test_every_section_comes_to_its_end(rehearsal):
    cases = rehearsal["cases"]
    assert cases.keys() == {"ceilings", "model", "baseline", "files", "passes", "memory", "large"}
    assert {name: found for name, found in cases.items() if {"error", "cut"} & found.keys()} == {}
    assert cases["model"].keys() == {"codeenhance lite tf32 2", "codeenhance lite fp16 2"}
    assert all(case["peak_bytes_per_pixel"] > 0 for case in cases["model"].values())
    assert {case["failed"] for case in cases["files"].values()} == {0}
    assert all(case["results"] == case["pictures"] for case in cases["memory"].values())


def test_the_bus_is_measured_in_both_directions(rehearsal):
    names = {name for name in rehearsal["cases"]["ceilings"] if name.startswith(("in_", "out_"))}
    assert names == {f"{way}_{kind}_gb_s" for way in ("in", "out") for kind in ("pageable", "pinned")}


def test_memory_is_made_short_and_given_back(rehearsal):
    # Twice for each of two sets of pictures.
    assert rehearsal["calls"]["set_per_process_memory_fraction"] == 4
    assert rehearsal["calls"]["synchronize"] > 0
