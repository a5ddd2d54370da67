"""``lle eval`` where an image equals its reference, so that its PSNR is infinite."""

import json
import math

import numpy as np
import pytest
from PIL import Image

METRICS = ("--metrics", "psnr")


@pytest.fixture
def pairs(tmp_path):
    """Folders of four pairs; pair N differs by 10 N everywhere."""
    for folder in ("low", "gt"):
        (tmp_path / folder).mkdir()
    for index in range(4):
        Image.new("RGB", (48, 32), (40, 40, 40)).save(tmp_path / "low" / f"{index}.png")
        bright = 40 + 10 * index
        Image.new("RGB", (48, 32), (bright,) * 3).save(tmp_path / "gt" / f"{index}.png")
    return tmp_path / "low", tmp_path / "gt"


@pytest.mark.parametrize(
    ("limit", "code", "words"),
    [
        ("psnr=30", 10, "psnr of identity is {mean:.6g} (--fail-under psnr=30)"),
        ("psnr=5", 0, "the limit applies to the mean PSNR of the others, {mean:.6g}"),
    ],
)
def test_a_pair_that_is_identical_does_not_open_a_gate(run_lle, pairs, limit, code, words):
    low, gt = pairs
    mean = np.mean([20 * math.log10(255 / difference) for difference in (10, 20, 30)])

    run = run_lle("eval", "--pred", f"identity={low}", "--gt", gt, *METRICS, "--json", "--fail-under", limit)

    assert run.code == code
    assert f"--fail-under {limit}: 1 of 4 images of identity equal their reference" in run.err
    assert words.format(mean=mean) in run.err
    summary = json.loads(run.out)["summary"]["psnr"]
    assert (summary["mean"], summary["infinite"], summary["n"]) == (pytest.approx(mean), 1, 4)


def test_pairs_that_are_all_identical_pass_a_gate_and_it_says_so(run_lle, pairs):
    _, gt = pairs
    run = run_lle("eval", "--pred", gt, "--gt", gt, *METRICS, "--fail-under", "psnr=30", "-f", "plain")
    assert run.code == 0
    assert "4 of 4 images of gt equal their reference; there is no finite PSNR to compare" in run.err
