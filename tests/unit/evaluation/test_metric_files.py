"""Files of metrics: found where they may lie, refused where they are others, fetched on request alone."""

from hashlib import sha256

import pytest
import torch

from lowlight_cli.catalog import Catalog
from lowlight_cli.errors import WeightsError
from lowlight_cli.evaluation import metric_files
from lowlight_cli.evaluation.catalog import METRIC_FILES, METRICS, MetricFile
from lowlight_cli.evaluation.metric_files import MissingFilesError, find_files, locate


@pytest.fixture
def file(monkeypatch, tmp_path):
    """A file of a metric that is published in a folder; the only one there is."""
    (tmp_path / "published").mkdir()
    published = tmp_path / "published" / "statistics.mat"
    published.write_bytes(b"numbers")
    digits = sha256(b"numbers").hexdigest()[:8]
    uri = published.as_uri()
    entry = MetricFile("statistics.mat", "its statistics", uri, "any", digits, "pyiqa", ("other.mat",))
    monkeypatch.setattr(metric_files, "METRIC_FILES", Catalog("metric file", {entry.name: entry}))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return entry


@pytest.fixture
def metric(file):
    return type(METRICS["niqe"])("niqe", "NIQE", "", needs_reference=False, files=(file.name,))


def put(folder, name, content=b"numbers"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def test_nearer_folders_come_first(file, tmp_path, monkeypatch):
    monkeypatch.setenv("LLE_MODEL_DIR", f"{tmp_path / 'one'}:{tmp_path / 'two'}")
    assert locate(file) is None
    farthest_first = [
        put(tmp_path / "torch" / "hub" / "pyiqa", "statistics.mat"),
        put(tmp_path / "data" / "lle" / "metrics", "statistics.mat"),
        put(tmp_path / "two" / "metrics", "statistics.mat"),
        put(tmp_path / "one" / "metrics", "other.mat"),
        put(tmp_path / "one" / "metrics", "statistics.mat"),
    ]
    for path in reversed(farthest_first):
        assert locate(file) == path
        path.unlink()
    path = put(tmp_path / "given", "other.mat")
    assert locate(file, tmp_path / "given") == path


def test_what_is_missing_is_named_with_the_folder_to_fill(metric, tmp_path):
    text = r"NIQE needs its statistics: lle eval --download, or put statistics\.mat into .*given"
    with pytest.raises(MissingFilesError, match=text):
        find_files(metric, tmp_path / "given")
    with pytest.raises(MissingFilesError, match="data/lle/metrics"):
        find_files(metric)


def test_a_folder_below_home_is_written_with_a_tilde(metric, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(MissingFilesError, match=r"into ~/given$"):
        find_files(metric, tmp_path / "given")


def test_another_file_under_the_name_is_refused(metric, tmp_path):
    put(tmp_path / "given", "statistics.mat", b"other numbers")
    with pytest.raises(WeightsError, match=r"is not the published statistics\.mat: its sha256 must begin"):
        find_files(metric, tmp_path / "given")


def test_a_file_is_fetched_on_request_alone(metric, tmp_path):
    with pytest.raises(MissingFilesError):
        find_files(metric, tmp_path / "given")
    found = find_files(metric, tmp_path / "given", download=True)
    assert found["statistics.mat"].read_bytes() == b"numbers"
    assert find_files(metric, tmp_path / "given") == found


@pytest.mark.parametrize("variable", ["LLE_OFFLINE", "HF_HUB_OFFLINE"])
def test_nothing_is_fetched_offline(metric, tmp_path, monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    with pytest.raises(WeightsError, match=f"unset {variable} to download"):
        find_files(metric, tmp_path / "given", download=True)
    assert not (tmp_path / "given").exists()


def test_a_damaged_download_leaves_nothing_behind(metric, tmp_path):
    (tmp_path / "published" / "statistics.mat").write_bytes(b"broken")
    with pytest.raises(WeightsError, match="cannot download"):
        find_files(metric, tmp_path / "given", download=True)
    assert list((tmp_path / "given").iterdir()) == []


def test_another_server_can_be_named(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda address, *_, **__: asked.append(address))
    metric_files.fetch(METRIC_FILES["NRQM_model.mat"], tmp_path)
    assert asked[0].startswith("https://mirror.example/chaofengc/")
