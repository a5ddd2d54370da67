"""Networks of pyiqa with stand-ins for their files: found on disk, loaded without the network."""

import socket
from dataclasses import replace

import pytest
import torch

from lowlight_cli.catalog import Catalog
from lowlight_cli.evaluation import metric_files, pyiqa_metrics
from lowlight_cli.evaluation.catalog import METRIC_FILES
from lowlight_cli.evaluation.score import Scorer

pyiqa = pytest.importorskip("pyiqa")


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch, tmp_path):
    """Any file will do, and whoever tries the network fails."""

    def refuse(*_):
        raise AssertionError("tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    files = {name: replace(file, sha256="") for name, file in METRIC_FILES.items()}
    monkeypatch.setattr(metric_files, "METRIC_FILES", Catalog("metric file", files))


@pytest.mark.slow
def test_musiq_reads_its_file(tmp_path):
    network = pyiqa.create_metric("musiq", pretrained=False).net
    torch.save(network.state_dict(), tmp_path / "musiq_koniq_ckpt-e95806b9.pth")
    scorer = Scorer(["musiq"], metrics_dir=tmp_path)
    assert scorer.missing == {}
    images = (torch.rand(2, 3, 64, 80) * 255).round() / 255
    with torch.inference_mode():
        expected = [network(images[index : index + 1]).item() for index in (0, 1)]
    found = [row.values["musiq"] for row in scorer.score(images)]
    assert found == pytest.approx(expected, abs=1e-5)


def test_brisque_reads_its_file(tmp_path):
    torch.save((torch.rand(5, 1), torch.rand(5, 36)), tmp_path / "brisque_svm_weights.pth")
    scorer = Scorer(["brisque"], metrics_dir=tmp_path)
    assert scorer.missing == {}
    assert isinstance(scorer.score(torch.rand(1, 3, 64, 80))[0].values["brisque"], float)


@pytest.mark.slow
def test_dists_reads_its_backbone_where_it_lies(tmp_path):
    from torchvision.models import vgg16

    with torch.device("meta"):
        shapes = {key: value.shape for key, value in vgg16(weights=None).state_dict().items()}
    state = {key: torch.zeros(1).expand(shape) for key, shape in shapes.items()}
    for key in (key for key in shapes if key.startswith("features")):
        state[key] = torch.randn(shapes[key]) / 20
    torch.save(state, tmp_path / "vgg16-397923af.pth")
    weights = {"alpha": torch.rand(1, 1475, 1, 1), "beta": torch.rand(1, 1475, 1, 1)}
    torch.save(weights, tmp_path / "DISTS_weights-f5e65c96.pth")
    before = torch.hub.get_dir()
    scorer = Scorer(["dists"], metrics_dir=tmp_path)
    assert scorer.missing == {}
    assert torch.hub.get_dir() == before
    references = torch.rand(2, 3, 48, 48)
    images = references.clone()
    images[1] = torch.rand(3, 48, 48)
    same, other = (row.values["dists"] for row in scorer.score(images, references))
    assert same == pytest.approx(0, abs=1e-5)
    assert other > 0.001


def test_the_perceptual_index_joins_both_of_its_metrics(monkeypatch, tmp_path):
    made = {}

    def create(name, device, path, **options):
        made[name] = (path, options)
        return lambda images: torch.full((len(images),), {"nrqm": 7.0, "niqe": 4.0}[name])

    monkeypatch.setattr(pyiqa_metrics, "_create", create)
    for name in ("NRQM_model.mat", "niqe_modelparameters.mat"):
        (tmp_path / name).touch()
    scorer = Scorer(["pi"], metrics_dir=tmp_path)
    assert scorer.score(torch.rand(1, 3, 120, 120))[0].values == {"pi": (10 - 7 + 4) / 2}
    assert made["nrqm"] == (tmp_path / "NRQM_model.mat", {"crop_border": 4, "color_space": "ycbcr"})
    assert made["niqe"][0] == tmp_path / "niqe_modelparameters.mat"
