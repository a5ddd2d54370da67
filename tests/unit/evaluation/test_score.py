"""The scorer: columns, what is missing, and why a number is not there."""

import socket
import sys

import numpy as np
import pytest
import torch
from scipy.io import savemat

from lowlight_cli.errors import UnknownNameError, UsageError
from lowlight_cli.evaluation.catalog import METRICS
from lowlight_cli.evaluation.score import Scorer

NEED_NOTHING = [name for name, entry in METRICS.items() if not entry.files]


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    """No file of this machine is found, and whoever tries the network fails."""

    def refuse(*_):
        raise AssertionError("tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture
def statistics(tmp_path):
    """Folder with made-up statistics of natural pictures, in the form that NIQE reads."""
    shape = {"mu_prisparam": np.full((1, 36), 0.5), "cov_prisparam": np.eye(36)}
    savemat(tmp_path / "niqe_modelparameters.mat", shape)
    return tmp_path


def test_metrics_that_need_no_file_are_all_scored():
    scorer = Scorer(NEED_NOTHING)
    assert scorer.missing == {}
    assert scorer.columns() == tuple(NEED_NOTHING) == tuple(entry.name for entry in scorer.metrics)
    found = scorer.score(torch.rand(2, 3, 180, 180), torch.rand(2, 3, 180, 180))
    assert len(found) == 2
    assert all(tuple(row.values) == tuple(NEED_NOTHING) and not row.reasons for row in found)
    assert all(isinstance(value, float) for value in found[0].values.values())


def test_what_is_missing_is_named_and_the_rest_is_scored(tmp_path):
    scorer = Scorer(["psnr", "lpips", "musiq"], metrics_dir=tmp_path)
    assert scorer.columns() == ("psnr",)
    assert set(scorer.missing) == {"lpips", "musiq"}
    assert "alexnet-owt-7be5be79.pth" in scorer.missing["lpips"]
    assert str(tmp_path) in scorer.missing["musiq"]
    assert "--download" in scorer.missing["musiq"]


def test_unknown_names_are_errors():
    with pytest.raises(UnknownNameError, match="did you mean 'psnr'"):
        Scorer(["pnsr"])
    with pytest.raises(UnknownNameError, match="unknown protocol 'glar'; did you mean 'glare'"):
        Scorer(["psnr"], "glar")


def test_a_metric_named_twice_is_one_column():
    assert Scorer(["ssim", "psnr", "ssim"]).columns() == ("ssim", "psnr")


def test_aligned_columns_stand_beside_the_plain_ones():
    scorer = Scorer(["psnr", "mae"], gray_mean=True)
    assert scorer.columns() == ("psnr", "psnr*", "mae", "mae*")
    bright = torch.rand(1, 3, 16, 16)
    (row,) = scorer.score(bright / 2, bright)
    assert tuple(row.values) == scorer.columns()
    assert row.values["psnr*"] > row.values["psnr"] + 10


def test_without_references_only_blind_metrics_are_left(statistics):
    scorer = Scorer(["psnr", "niqe"], metrics_dir=statistics, gray_mean=True)
    assert scorer.columns(paired=False) == ("niqe",)
    (row,) = scorer.score(torch.rand(1, 3, 200, 200))
    assert tuple(row.values) == ("niqe",)
    assert row.values["niqe"] > 0


def test_pictures_too_small_for_a_metric_say_so():
    (row,) = Scorer(["psnr", "ssim"]).score(torch.rand(1, 3, 10, 40), torch.rand(1, 3, 10, 40))
    assert row.values["psnr"] is not None
    assert row.values["ssim"] is None
    assert row.reasons == {"ssim": "40x10 is too small: SSIM needs at least 11 pixels per side"}


def test_one_black_picture_does_not_take_its_neighbors_along(statistics):
    images = torch.stack([torch.rand(3, 200, 200), torch.zeros(3, 200, 200)])
    noise, black = Scorer(["niqe"], metrics_dir=statistics).score(images)
    assert noise.values["niqe"] > 0
    assert not noise.reasons
    assert black.values == {"niqe": None}
    assert black.reasons["niqe"]
    assert "\n" not in black.reasons["niqe"]


def test_equal_pictures_have_an_infinite_psnr():
    images = torch.rand(1, 3, 16, 16)
    (row,) = Scorer(["psnr", "ssim", "mae"]).score(images, images)
    assert row.values == {"psnr": float("inf"), "ssim": 1.0, "mae": 0.0}


def test_different_shapes_are_refused():
    with pytest.raises(UsageError, match="cannot be compared"):
        Scorer(["psnr"]).score(torch.zeros(1, 3, 12, 12), torch.zeros(1, 3, 12, 13))


def test_everything_else_works_without_pyiqa(monkeypatch, statistics):
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    scorer = Scorer([*NEED_NOTHING, "niqe"], metrics_dir=statistics)
    assert scorer.columns() == tuple(NEED_NOTHING)
    assert "pip install pyiqa" in scorer.missing["niqe"]
    (row,) = scorer.score(torch.rand(1, 3, 180, 180), torch.rand(1, 3, 180, 180))
    assert None not in row.values.values()


def test_a_file_in_another_form_is_named(tmp_path):
    savemat(tmp_path / "niqe_modelparameters.mat", {"other": np.zeros(3)})
    scorer = Scorer(["niqe"], metrics_dir=tmp_path)
    assert str(tmp_path / "niqe_modelparameters.mat") in scorer.missing["niqe"]
    assert "cannot be used for niqe" in scorer.missing["niqe"]


def test_a_file_that_would_run_code_is_refused(tmp_path):
    class Trap:
        def __reduce__(self):
            return (exec, ("raise SystemExit('ran')",))

    torch.save(Trap(), tmp_path / "brisque_svm_weights.pth")
    scorer = Scorer(["brisque"], metrics_dir=tmp_path)
    assert "cannot be used for brisque" in scorer.missing["brisque"]


def test_pyiqa_says_nothing_while_it_works(statistics, capfd):
    Scorer(["niqe"], metrics_dir=statistics).score(torch.rand(1, 3, 200, 200))
    assert capfd.readouterr() == ("", "")


def test_every_protocol_rounds_what_blind_metrics_see(statistics):
    images = (torch.rand(1, 3, 200, 200) * 20).round() / 255
    shifted = images + torch.rand(1, 3, 200, 200) * 0.8 / 255 - 0.4 / 255
    as_saved, as_is = (
        [
            Scorer(["niqe"], name, metrics_dir=statistics).score(batch)[0].values["niqe"]
            for batch in (images, shifted)
        ]
        for name in ("lle", "pyiqa")
    )
    assert as_saved[0] == as_saved[1]
    assert as_is[0] != as_is[1]
