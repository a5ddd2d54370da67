"""Metric files in the package: the published numbers, used where the user has none."""

import hashlib

import pytest
import torch
from safetensors.numpy import load_file
from safetensors.torch import load_file as load_tensors
from scipy.io import savemat

from lowlight_cli.checkpoints.load_lpips import load_lpips
from lowlight_cli.checkpoints.locate import shipped_metric_folder
from lowlight_cli.evaluation.catalog import METRIC_FILES, METRICS
from lowlight_cli.evaluation.metric_files import find_files
from lowlight_cli.evaluation.score import Scorer
from lowlight_cli.losses.learned_perceptual import LearnedPerceptual

PUBLISHED_NUMBERS = {
    "lpips_alex.safetensors": "718a8b40b0d22f96",
    "lpips_vgg.safetensors": "9153a2043dccf3b5",
    "niqe.safetensors": "829014ead8fa669a",
}
"""File -> first digits of the sha256 of the published tensors, in the order of their names."""


@pytest.fixture
def statistics(tmp_path):
    """The statistics of NIQE as the MATLAB file that pyiqa reads."""
    path = tmp_path / "cache" / "niqe_modelparameters.mat"
    path.parent.mkdir()
    savemat(path, load_file(shipped_metric_folder() / "niqe.safetensors"))
    return path


def backbone(path, kind):
    """A stand-in for the network below the heads of LPIPS, with random weights."""
    state = LearnedPerceptual(kind).state_dict()
    torch.save({key: state[key] for key in state if key.startswith("features.")}, path)
    return path


def test_the_folder_holds_the_published_numbers_and_their_notices():
    folder = shipped_metric_folder()
    assert {path.name for path in folder.glob("*.safetensors")} == PUBLISHED_NUMBERS.keys()
    notice = (folder / "NOTICE.md").read_text()
    for name, digits in PUBLISHED_NUMBERS.items():
        tensors = load_file(folder / name)
        joined = b"".join(tensors[key].tobytes() for key in sorted(tensors))
        assert hashlib.sha256(joined).hexdigest().startswith(digits)
        assert f"`{name}`" in notice
    assert "Redistribution and use in source and binary forms" in notice
    assert "The University of Texas at Austin" in notice


def test_every_shipped_file_belongs_to_a_published_one():
    assert {file.shipped for file in METRIC_FILES.values() if file.shipped} == PUBLISHED_NUMBERS.keys()


def test_niqe_needs_no_file_and_equals_that_of_pyiqa(statistics):
    from pyiqa.archs.niqe_arch import NIQE

    images = (torch.rand(2, 3, 120, 200).cumsum(-1).remainder(1) * 255).round() / 255
    theirs = NIQE(pretrained_model_path=str(statistics))
    scorer = Scorer(["niqe"])
    assert scorer.missing == {}
    found = [row.values["niqe"] for row in scorer.score(images)]
    assert found == [theirs(images[index : index + 1]).item() for index in (0, 1)]


def test_a_file_of_the_user_goes_before_the_one_that_ships(statistics):
    entry = METRICS["niqe"]
    assert find_files(entry)[statistics.name] == shipped_metric_folder() / "niqe.safetensors"
    assert find_files(entry, statistics.parent)[statistics.name] == statistics
    images = torch.rand(1, 3, 96, 96)
    ours, given = (
        Scorer(["niqe"], metrics_dir=folder).score(images)[0].values for folder in (None, statistics.parent)
    )
    assert ours == given


@pytest.mark.parametrize("kind", ["alex", pytest.param("vgg", marks=pytest.mark.slow)])
def test_lpips_with_the_shipped_heads_equals_lpips_with_the_published_file(kind, tmp_path):
    network = backbone(tmp_path / "network.pth", kind)
    torch.save(load_tensors(shipped_metric_folder() / f"lpips_{kind}.safetensors"), tmp_path / "heads.pth")
    images, targets = torch.rand(2, 2, 3, 40, 48)
    found = load_lpips(network, kind=kind).distances(images, targets)
    assert found.min() > 0
    assert torch.equal(found, load_lpips(network, tmp_path / "heads.pth", kind).distances(images, targets))


def test_lpips_needs_its_network_only(monkeypatch, tmp_path):
    from dataclasses import replace

    from lowlight_cli.catalog import Catalog
    from lowlight_cli.evaluation import metric_files

    assert "AlexNet (233 MB)" in Scorer(["lpips"]).missing["lpips"]
    files = {name: replace(file, sha256="") for name, file in METRIC_FILES.items()}
    monkeypatch.setattr(metric_files, "METRIC_FILES", Catalog("metric file", files))
    backbone(tmp_path / "alexnet-owt-7be5be79.pth", "alex")
    scorer = Scorer(["lpips"], metrics_dir=tmp_path)
    assert scorer.missing == {}
    images, targets = torch.rand(2, 1, 3, 40, 48)
    expected = load_lpips(tmp_path / "alexnet-owt-7be5be79.pth", kind="alex").distances(
        (images * 255).round() / 255, (targets * 255).round() / 255
    )
    assert scorer.score(images, targets)[0].values["lpips"] == pytest.approx(expected.item(), rel=1e-6)


def test_heads_of_another_network_are_refused(tmp_path):
    from lowlight_cli.errors import WeightsError

    network = backbone(tmp_path / "network.pth", "alex")
    with pytest.raises(WeightsError, match="are not LPIPS"):
        load_lpips(network, shipped_metric_folder() / "lpips_vgg.safetensors", "alex")
