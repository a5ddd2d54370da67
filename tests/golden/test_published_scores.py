"""Five pairs of TID2013 that pyiqa ships, against what the authors' own programs gave for them.

The values of those programs are published in the repository of pyiqa (``ResultsCalibra``). The pictures are
read where pip put them; their terms do not allow to copy them here.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lowlight_cli.evaluation.score import Scorer

NAMES = ("I03", "I04", "I06", "I08", "I19")

PUBLISHED = {
    "psnr": (21.11, 20.99, 27.01, 23.30, 21.62),
    "ssim_y": (0.6993, 0.9978, 0.9989, 0.9669, 0.6519),
    "ms_ssim": (0.6733, 0.9996, 0.9998, 0.9566, 0.8462),
    "fsimc": (0.6890, 0.9702, 0.9927, 0.9575, 0.8220),
    "niqe": (15.7536, 3.6549, 3.2355, 3.1840, 8.6352),
}

# The published figures have four digits, PSNR two. What the program behind MS-SSIM does besides is unknown;
# pyiqa, whose authors published the figures, is as far from them.
TOLERANCES = {"psnr": 0.005, "ssim_y": 1e-4, "ms_ssim": 5e-3, "fsimc": 1e-4}

OF_PYIQA = {
    "psnr": (21.1136, 20.9872, 27.0138, 23.3002, 21.6186),
    "ssim": (0.6997, 0.9978, 0.9989, 0.9671, 0.6522),
    "ssim_rgb": (0.6740, 0.9325, 0.9896, 0.9676, 0.6311),
    "fsim": (0.6891, 0.9702, 0.9927, 0.9575, 0.8220),
    "niqe": (15.6532, 3.6549, 3.2342, 3.1922, 9.0727),
}
"""What pyiqa 0.1.16 gives."""


@pytest.fixture(scope="module")
def pairs():
    """The distorted pictures and their references."""
    spec = find_spec("pyiqa")
    folder = Path(spec.origin).parents[1] / "ResultsCalibra" if spec else Path("ResultsCalibra")
    if not folder.is_dir():
        pytest.skip("the pyiqa that is installed brings no pictures along")
    return tuple(
        torch.stack([read(folder / part / f"{name}.bmp") for name in NAMES])
        for part in ("dist_dir", "ref_dir")
    )


def read(path):
    return torch.from_numpy(np.asarray(Image.open(path).convert("RGB")).copy()).permute(2, 0, 1) / 255


def scores(metric, protocol, pairs):
    return [row.values[metric] for row in Scorer([metric], protocol).score(*pairs)]


@pytest.mark.parametrize("metric", ["psnr", "ms_ssim", "fsimc"])
def test_scores_are_those_of_the_authors_programs(metric, pairs):
    assert scores(metric, "lle", pairs) == pytest.approx(PUBLISHED[metric], abs=TOLERANCES[metric])


def test_ssim_of_the_rounded_luma_is_that_of_the_authors_program(pairs):
    from lowlight_cli.evaluation.pixel_metrics import ssim
    from lowlight_cli.evaluation.protocols import Space, View

    found = ssim(*pairs, View(Space.LUMA, rounds_plane=True)).tolist()
    assert found == pytest.approx(PUBLISHED["ssim_y"], abs=TOLERANCES["ssim_y"])


@pytest.mark.parametrize("metric", ["psnr", "ssim", "ssim_rgb", "fsim"])
def test_the_protocol_of_pyiqa_gives_what_pyiqa_gives(metric, pairs):
    assert scores(metric, "pyiqa", pairs) == pytest.approx(OF_PYIQA[metric], abs=1.1e-4)


def test_niqe_is_that_of_pyiqa_and_near_the_authors_program(pairs):
    found = scores("niqe", "lle", pairs)
    # The first picture is noise: rounding moves its value, that of pyiqa in 64 bits is 15.6701.
    assert found[0] == pytest.approx(OF_PYIQA["niqe"][0], abs=0.02)
    assert found[1:] == pytest.approx(OF_PYIQA["niqe"][1:], abs=1e-3)
    assert found == pytest.approx(PUBLISHED["niqe"], rel=0.06)
