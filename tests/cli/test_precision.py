"""``lle enhance --precision``: every model in every format, and what ``auto`` says of its choice."""

import json

import pytest

from lowlight_cli.models.catalog import MODELS

NAMES = [name for name, entry in MODELS.items() if not entry.hidden]


@pytest.fixture
def enhance(run_lle, make_picture, tmp_path):
    make_picture(tmp_path / "in" / "a.png", (64, 48))
    return lambda *words: run_lle(
        "enhance", tmp_path / "in", "-o", f"{tmp_path}/out/", "--device", "cpu", *words
    )


def test_there_are_five_models():
    assert len(NAMES) == 5


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("name", NAMES)
def test_every_model_enhances_in_every_format(enhance, name, precision):
    run = enhance("-m", name, "--precision", precision, "--json")
    assert run.code == 0, run.err
    start, item, _ = (json.loads(line) for line in run.out.splitlines())
    assert (start["precision"], start["precision_reason"]) == (precision, "as requested")
    assert item["status"] == "ok"
    assert "computed alone" not in run.err


@pytest.mark.parametrize(
    ("hardware", "precision", "reason"),
    [
        ("plain", "fp32", "the CPU has no fast 16-bit arithmetic"),
        ("amx", "bf16", "bf16 differs from fp32 by 0.0/255 at most and 0.00/255 on average in a test image"),
    ],
    indirect=["hardware"],
)
def test_auto_says_what_it_takes_and_why(hardware, enhance, precision, reason):
    start = json.loads(enhance("-m", "identity", "--json").out.splitlines()[0])
    assert (start["precision"], start["precision_reason"]) == (precision, reason)
    assert (
        f"info: computing in {precision}: {reason}\n"
        in enhance("-m", "identity", "-v", "--on-exist", "overwrite").err
    )


def test_nothing_is_said_where_no_model_is_needed(enhance):
    enhance("-m", "identity", "--precision", "fp32")
    start = json.loads(enhance("-m", "identity", "--precision", "fp32", "--json").out.splitlines()[0])
    assert (start["precision"], start["precision_reason"]) == (None, None)


def test_tf32_needs_a_gpu(enhance):
    run = enhance("-m", "identity", "--precision", "tf32")
    assert run.code == 2
    assert "--precision tf32 needs a CUDA device; use fp32 on 'cpu'" in run.err
