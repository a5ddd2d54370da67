"""``lle doctor``: what is there, what is wrong, and what to do."""

import json
import sys
from importlib.metadata import version

import pytest

from lowlight_cli.checkpoints.locate import shipped_folder

PUBLISHED_FILES = {
    "codeenhance": "net_g_latest.pth",
    "glare": "vqgan.pkl net_G.pth",
    "vqcnir": "VQCNIR_LOLBlur_G.pth",
}
SHIPPED = shipped_folder() / "codeenhance-lite.safetensors"


@pytest.mark.skipif(not SHIPPED.exists(), reason="no weights are shipped yet")
def test_a_whole_installation_is_well(run_lle):
    run = run_lle("doctor")
    assert (run.code, run.err) == (0, "")
    for topic in ("versions", "devices", "formats", "extras", "weights", "settings", "licences"):
        assert f"{topic}\n" in run.out
    assert "PROBLEM" not in run.out


@pytest.mark.parametrize(
    ("hardware", "auto"),
    [
        ("plain", "cpu; --precision auto tries: fp32"),
        ("amx", "cpu; --precision auto tries: bf16, fp32"),
        ("cuda", "cuda:0; --precision auto tries: fp16, bf16, fp32"),
    ],
    indirect=["hardware"],
)
def test_json_holds_versions_devices_and_licences(hardware, auto, run_lle):
    found = {(row["topic"], row["name"]): row for row in json.loads(run_lle("doctor", "--json").out)}
    assert found["versions", "torch"]["value"] == version("torch")
    assert found["devices", "auto"]["value"] == auto
    assert "Noncommercial" in found["licences", "pyiqa"]["value"]
    assert found["weights", "codeenhance paper"]["health"] == "note"


def test_only_weights_that_were_published_are_recommended_for_import(run_lle):
    found = {row["name"]: row for row in json.loads(run_lle("doctor", "--json").out)}
    for name, files in PUBLISHED_FILES.items():
        assert found[f"{name} paper"]["remedy"] == f"optional: lle models import {name} {files}"
    for name in ("drgn", "lw-drgn"):
        assert found[f"{name} paper"]["health"] == "ok"
        assert found[f"{name} paper"]["remedy"] == ""
        assert "never published" in found[f"{name} paper"]["value"]


def test_opencv_that_does_not_load_has_a_remedy(run_lle, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    run = run_lle("doctor", "--json")
    broken = next(row for row in json.loads(run.out) if row["name"] == "opencv")
    assert broken["health"] == "problem"
    assert "opencv-python-headless" in broken["remedy"]
    assert "opencv-python-headless" in run.err
    assert run.code in (6, 7)


def test_a_missing_system_library_is_one_line_and_not_a_traceback(run_lle, monkeypatch):
    def broken(*_: object) -> None:
        raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setattr("lowlight_cli.cli.app.finished", broken)
    run = run_lle("enhance", "in", "-o", "out/")
    assert (run.code, run.out) == (7, "")
    assert "libGL.so.1" in run.err
    assert "lle doctor" in run.err
    assert len(run.err.splitlines()) == 1


def test_extras_come_with_the_line_that_installs_them(run_lle, monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    found = {(row["topic"], row["name"]): row for row in json.loads(run_lle("doctor", "--json").out)}
    assert found["extras", "raw"]["remedy"] == "pip install 'lowlight-cli[raw]'"
    assert found["extras", "raw"]["health"] == "note"
    assert found["formats", "raw"]["value"] == "needs the extra raw"
    assert found["formats", "avif"]["value"] == "read and written"


def test_variables_in_effect_are_listed_and_unknown_ones_explained(run_lle, monkeypatch, tmp_path):
    monkeypatch.setenv("LLE_ENHANCE_QUALITY", "80")
    monkeypatch.setenv("LLE_ENHANCE_QALITY", "81")
    monkeypatch.setenv("LLE_OFFLINE", "1")
    (tmp_path / "my.toml").write_text("")
    run = run_lle("doctor", "--json", "--config", tmp_path / "my.toml")
    found = {row["name"]: row for row in json.loads(run.out) if row["topic"] == "settings"}
    assert found["LLE_ENHANCE_QUALITY"]["value"] == "80"
    assert found["LLE_OFFLINE"]["health"] == "ok"
    assert "did you mean LLE_ENHANCE_QUALITY" in found["LLE_ENHANCE_QALITY"]["remedy"]
    assert str(tmp_path / "my.toml") in found["files"]["value"]
