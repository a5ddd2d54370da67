"""Advice follows from what limits a run, and is given if it was measured to help or the stages show it."""

from dataclasses import replace

import pytest

from lowlight_cli.bench.advice import (
    Candidate,
    Possible,
    candidates,
    following_advice,
    measured_advice,
    unmeasured_advice,
)
from lowlight_cli.bench.result import Advice, Size
from lowlight_cli.images.settings import WriteSettings
from lowlight_cli.pipeline.choices import Detail
from lowlight_cli.pipeline.settings import EnhanceSettings
from tests.unit.bench.samples import SETUP, case

LARGE = (Size(4000, 3000, 2), Size(600, 400, 9))
SMALL = (Size(4000, 3000, 1), Size(600, 400, 60))


def tried(settings=None, setup=SETUP, possible=None, **facts):
    found = candidates(case(**facts), setup, settings or EnhanceSettings(), possible or Possible())
    return {each.option: each for each in found}


def test_large_photos_that_wait_for_the_model_are_tried_at_reduced_size():
    found = tried(sizes=LARGE)
    assert list(found) == ["--detail fast"]
    assert found["--detail fast"].settings == EnhanceSettings(detail=Detail.FAST)


@pytest.mark.parametrize(
    ("facts", "settings"),
    [
        ({"sizes": SMALL}, {}),
        ({"sizes": LARGE}, {"detail": Detail.FAST}),
        ({"sizes": LARGE, "limit": "writing"}, {}),
    ],
)
def test_reduced_size_is_not_tried_where_it_cannot_help(facts, settings):
    assert "--detail fast" not in tried(EnhanceSettings(**settings), **facts)


@pytest.mark.parametrize(
    ("precision", "used", "formats", "options"),
    [
        ("auto", "fp32", ("fp16", "bf16"), ["--precision bf16"]),
        ("fp32", "fp32", ("bf16",), ["--precision auto"]),
        ("auto", "bf16", ("bf16",), []),
        ("fp32", "fp32", (), []),
    ],
)
def test_a_16_bit_format_is_tried_if_the_device_has_one_and_none_is_used(precision, used, formats, options):
    settings, setup = EnhanceSettings(precision=precision), replace(SETUP, precision=used)
    assert list(tried(settings, setup, Possible(formats=formats))) == options


def test_a_gpu_that_is_not_used_is_tried_first():
    found = tried(EnhanceSettings(device="cpu"), possible=Possible(gpu="cuda"), sizes=LARGE)
    assert list(found) == ["--device cuda", "--detail fast"]
    assert found["--device cuda"].settings.device == "cuda"


def test_a_batch_size_that_was_set_is_compared_with_auto_on_a_gpu_only():
    settings = EnhanceSettings(batch_size=1)
    assert list(tried(settings, replace(SETUP, device="cuda:0"))) == ["--batch-size auto"]
    assert tried(settings) == {}


@pytest.mark.parametrize(
    ("workers", "processors", "options"),
    [
        (1, 8, ["--workers 8"]),
        (8, 8, ["--workers 16"]),
        (12, 8, ["--workers 16"]),
        (16, 8, []),
        (16, 64, []),
    ],
)
@pytest.mark.parametrize("limit", ["reading", "writing"])
def test_more_threads_are_tried_if_files_limit(workers, processors, options, limit):
    found = tried(
        EnhanceSettings(workers=workers),
        replace(SETUP, workers=workers),
        Possible(processors=processors),
        limit=limit,
        photos=100,
    )
    assert list(found) == options


def test_more_threads_than_photos_are_not_tried():
    setup, possible = replace(SETUP, workers=4), Possible(processors=8)
    assert tried(setup=setup, possible=possible, limit="reading", photos=4) == {}
    assert list(tried(setup=setup, possible=possible, limit="reading", photos=5)) == ["--workers 8"]


def test_less_compression_is_tried_if_writing_png_files_limits():
    setup, possible = replace(SETUP, workers=16), Possible(has_png=True)
    found = tried(setup=setup, possible=possible, limit="writing")
    assert list(found) == ["--compression 1"]
    assert found["--compression 1"].settings.write == WriteSettings(compression=1)
    assert tried(setup=setup, possible=possible, limit="reading") == {}


@pytest.mark.parametrize("limit", ["copying", "resizing", "program"])
def test_no_option_is_tried_against_what_none_can_change(limit):
    assert tried(limit=limit, sizes=LARGE, possible=Possible(("bf16",), "cuda", 8, has_png=True)) == {}


def test_only_an_option_that_was_faster_is_recommended():
    candidate = Candidate("--workers 4", EnhanceSettings(), "results stay the same")
    assert measured_advice(candidate, 1.254) == Advice("--workers 4", "results stay the same", 1.25)
    assert [measured_advice(candidate, speed) for speed in (1.05, 0.5, 0.0)] == [None] * 3


def test_without_a_measurement_only_what_is_certain_is_recommended():
    candidate = Candidate("--detail fast", EnhanceSettings(), "less detail")
    assert unmeasured_advice(candidate) is None
    advice = unmeasured_advice(replace(candidate, is_certain=True))
    assert (advice.option, advice.speed) == ("--detail fast", None)
    assert advice.text == "less detail; not measured for lack of time"


def test_processes_that_share_a_gpu_are_recommended_where_it_waits():
    on_gpu, possible = replace(SETUP, device="cuda:1"), Possible(processors=12)
    found = following_advice(case(limit="program", share_of_model=0.4), on_gpu, possible)
    assert [each.option for each in found] == ["--device cuda:1,cuda:1,cuda:1"]
    assert not any(each.option for each in following_advice(case(share_of_model=0.95), on_gpu, possible))
    found = following_advice(case(limit="program", share_of_model=0.4), SETUP, possible)
    assert not any(each.option for each in found)


def test_a_gpu_is_recommended_where_there_is_none_and_the_model_limits():
    (advice,) = following_advice(case(), SETUP, Possible())
    assert (advice.option, advice.speed) == ("", None)
    assert advice.text == "a GPU would help: the model takes 85 % of the time"
    assert list(following_advice(case(), SETUP, Possible(gpu="cuda"))) == []
    assert list(following_advice(case(), replace(SETUP, device="cuda:0"), Possible())) == []


def test_files_that_limit_are_compared_with_the_model():
    (advice,) = following_advice(case(limit="reading", limit_share=0.6), SETUP, Possible())
    assert "reading takes 60 %" in advice.text
    assert "the model alone does 2.5 per second" in advice.text


def test_a_run_that_is_nearly_as_fast_as_the_model_needs_no_threads():
    found = [each.text for each in following_advice(case(share_of_model=0.95), SETUP, Possible())]
    assert "threads and disks matter little: the run is nearly as fast as the model alone" in found
