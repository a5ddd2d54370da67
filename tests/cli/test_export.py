"""``lle export``: the format by the extension, a checkpoint, and errors in one line."""

import json

import pytest
import torch

from lowlight_cli.checkpoints import export as export_module
from lowlight_cli.checkpoints.export import Exported
from lowlight_cli.checkpoints.locate import shipped_folder

WEIGHTS = shipped_folder() / "codeenhance-lite.safetensors"


@pytest.fixture
def exported(monkeypatch):
    """What is asked of the exporter, which is slow and has its own tests."""
    calls = []

    def record(model, controls, form, target, facts, *, takes_tiles=False):
        calls.append({"form": form, "target": target, "facts": facts})
        return Exported(target, form, 16, 32, 0.0, ((1, 32, 48),))

    monkeypatch.setattr(export_module, "export_enhancer", record)
    monkeypatch.setattr(export_module, "check_libraries", lambda form: None)
    return calls


@pytest.mark.parametrize(
    ("name", "options", "form"),
    [
        ("m.onnx", (), "onnx"),
        ("m.pt2", (), "pt2"),
        ("m.ONNX", (), "onnx"),
        ("m.onnx", ("--format", "pt2"), "pt2"),
        ("m.graph", ("-f", "onnx"), "onnx"),
    ],
)
def test_the_extension_gives_the_format_and_an_option_overrides_it(
    run_lle, exported, tmp_path, name, options, form
):
    run = run_lle("export", "identity", "--out", tmp_path / name, *options)
    assert (run.code, run.out) == (0, f"{tmp_path / name}\n")
    assert [call["form"] for call in exported] == [form]


@pytest.mark.parametrize("option", ["--checkpoint", "--weights"])
def test_a_checkpoint_has_its_name_in_the_file(run_lle, exported, tmp_path, option):
    run = run_lle("export", "codeenhance", "--out", tmp_path / "m.pt2", option, WEIGHTS)
    assert run.code == 0, run.err
    assert exported[0]["facts"] == {"model": "codeenhance", "preset": "lite", "weights": WEIGHTS.name}


def test_the_earlier_name_of_the_checkpoint_is_not_in_the_help(run_lle):
    text = run_lle("export", "--help").out
    assert "--checkpoint FILE" in text
    assert "--weights" not in text


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (
            ("codeenhance", "--out", "m.bin"),
            2,
            "cannot tell the format of 'm.bin'; use .onnx or .pt2, or add",
        ),
        (("codeenhance", "--out", "m"), 2, "cannot tell the format of 'm'"),
        (("codeenhance", "--out", "m.pt2", "--checkpoint", "gone.safetensors"), 6, "do not exist"),
        (("codeenhance", "--out", "m.pt2", "--preset", "paper"), 6, "https://github.com/csxuwu/CodeEnhance"),
        (("codeenhance", "--out", "m.pt2", "--preset", "huge"), 2, "unknown preset of codeenhance 'huge'"),
        (("codeenhanc", "--out", "m.pt2"), 2, "did you mean 'codeenhance'?"),
    ],
)
def test_what_cannot_be_exported_is_one_line(run_lle, monkeypatch, tmp_path, arguments, code, reason):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLE_MODEL_DIR", str(tmp_path))
    run = run_lle("export", *arguments)
    assert (run.code, run.out) == (code, "")
    (line,) = run.err.splitlines()
    assert line.startswith("lle: error: ")
    assert reason in line
    assert list(tmp_path.iterdir()) == []


def test_a_missing_output_is_named(run_lle):
    run = run_lle("export", "codeenhance")
    assert run.code == 2
    assert run.err.splitlines()[0] == "lle: error: Missing option '--out' / '-o'"


def test_the_file_that_is_written_can_be_loaded(run_lle, tmp_path):
    run = run_lle("export", "identity", "--out", tmp_path / "m.pt2", "--json")
    assert run.code == 0, run.err
    assert json.loads(run.out)["form"] == "pt2"
    extra = {"lle": ""}
    graph = torch.export.load(tmp_path / "m.pt2", extra_files=extra).module()
    images = torch.rand(1, 3, 32, 48)
    torch.testing.assert_close(graph(images), images)
    assert json.loads(extra["lle"])["model"] == "identity"
