"""``lle models``: list, info, verify, import, path."""

import json
import re

import pytest
import torch
from torch import nn

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.checkpoints.locate import shipped_folder
from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.models.catalog import MODELS

SHIPPED = shipped_folder() / "codeenhance-lite.safetensors"


def test_list_names_models_but_no_hidden_ones(run_lle):
    run = run_lle("models", "list")
    assert (run.code, run.err) == (0, "")
    assert "identity" not in run.out
    shown = [name for name, entry in MODELS.items() if not entry.hidden]
    assert [row["name"] for row in json.loads(run_lle("models", "list", "--json").out)] == shown


def test_list_says_where_the_weights_of_each_preset_are(run_lle, monkeypatch, tmp_path):
    monkeypatch.setenv("LLE_MODEL_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "glare-paper.safetensors").write_bytes(bytes(2_000_000))
    lines = run_lle("models", "list").out.splitlines()
    assert max(map(len, lines)) <= 80
    rows = [cells for line in lines[1:] if len(cells := re.split("  +", line)) > 1]
    assert ["codeenhance", "lite *", "2.42 M", "4.9", "ships", "MIT"] in rows
    assert ["codeenhance", "paper", "39.59 M", "-", "not here", "CC BY-NC 4.0"] in rows
    assert ["glare", "paper", "101.42 M", "2.0", "imported", "Apache-2.0"] in rows
    assert ["drgn", "paper", "4.77 M", "-", "none published", "your own"] in rows
    assert ["glare", "lite-flow", "1.64 M", "-", "none published", "your own"] in rows
    assert len(rows) == sum(len(entry.presets) for entry in MODELS.values() if not entry.hidden)
    assert "the default model is codeenhance. Against blur: vqcnir." in lines[-1]


def test_list_as_json_holds_what_the_table_shows(run_lle, monkeypatch, tmp_path):
    monkeypatch.setenv("LLE_MODEL_DIR", str(tmp_path))
    rows = {row["name"]: row for row in json.loads(run_lle("models", "list", "--json").out)}
    assert [name for name, row in rows.items() if row["is_default"]] == ["codeenhance"]
    assert [name for name, row in rows.items() if row["removes_blur"]] == ["vqcnir"]
    assert rows["glare"]["presets"] == ["paper", "lite", "lite-flow"]
    assert rows["glare"]["controls"] == ["texture"]
    controls = {preset: row["controls"] for preset, row in rows["glare"]["weights"].items()}
    assert controls == {
        "lite": ["texture"], "paper": ["temperature", "texture"], "lite-flow": ["temperature", "texture"]
    }  # fmt: skip
    shipped, paper = (rows["codeenhance"]["weights"][preset] for preset in ("lite", "paper"))
    assert (shipped["state"], shipped["bytes"], shipped["remedy"]) == ("ships", SHIPPED.stat().st_size, None)
    assert (paper["state"], paper["path"], paper["bytes"]) == ("not here", None, None)
    assert paper["page"] == "https://github.com/csxuwu/CodeEnhance"


@pytest.mark.parametrize(
    "words",
    [
        ("models", "info", "nosuch"),
        ("models", "import", "nosuch", "a.pth"),
        ("models", "verify", "nosuch"),
        ("export", "nosuch", "--out", "a.onnx"),
        ("enhance", "a.png", "-o", "b/", "-m", "nosuch"),
        ("eval", "--low", "in", "-m", "nosuch"),
        ("detect-prep", "in", "-o", "out", "-m", "nosuch"),
    ],
)
def test_no_message_offers_the_model_for_tests(run_lle, make_picture, monkeypatch, tmp_path, words):
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "in/images/a.png"):
        make_picture(tmp_path / name)
    (tmp_path / "a.pth").touch()
    (tmp_path / "in" / "labels").mkdir()
    (tmp_path / "in" / "labels" / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (tmp_path / "in" / "classes.txt").write_text("cat\n")
    run = run_lle(*words)
    assert (run.code, run.out) == (2, "")
    assert "'nosuch'" in run.err
    assert "identity" not in run.err


def test_info_counts_the_published_network(run_lle):
    facts = json.loads(run_lle("models", "info", "codeenhance", "--preset", "paper", "--json").out)
    assert facts["parameters"] == sum(facts["parts"].values()) == 39_591_939
    assert facts["gflop"]["600x400"] > 3 * facts["gflop"]["256x256"] > 0
    assert facts["weights"]["shipped"] is False
    assert facts["weights"]["path"] is None
    assert "https://github.com/csxuwu/CodeEnhance" in facts["weights"]["remedy"]


def test_info_of_the_shipped_model_keeps_its_promises(run_lle):
    facts = json.loads(run_lle("models", "info", "codeenhance", "--json").out)
    assert facts["preset"] == "lite"
    assert facts["parameters"] <= 4_000_000
    assert facts["gflop"]["256x256"] <= 20
    assert facts["config"]["embedding"] == "attn"


def test_info_as_text_names_every_part(run_lle):
    run = run_lle("models", "info", "codeenhance")
    assert (run.code, run.err) == (0, "")
    for word in ("encoder", "semantic", "codebook", "decoder", "sha256", "licence", "256x256", "600x400"):
        assert word in run.out


def test_unknown_names_are_refused_with_the_nearest(run_lle):
    run = run_lle("models", "info", "codenhance")
    assert (run.code, run.out) == (2, "")
    assert "did you mean 'codeenhance'" in run.err
    assert run_lle("models", "info", "codeenhance", "--preset", "large").code == 2


@pytest.mark.skipif(not SHIPPED.exists(), reason="no weights are shipped yet")
def test_shipped_weights_verify(run_lle, monkeypatch):
    monkeypatch.delenv("COLUMNS")
    run = run_lle("models", "verify")
    assert (run.code, run.err) == (0, "")
    assert not [line for line in run.out.splitlines() if " broken " in line]
    run = run_lle("models", "verify", "codeenhance")
    conditions = {line.split()[1]: line.split(maxsplit=3)[3] for line in run.out.splitlines()}
    optional = "not imported (optional)"
    assert conditions == {"paper": optional, "lite": "ok", "vqgan": "ok", "semantic": "ok"}


@pytest.mark.parametrize("name", ["drgn", "lw-drgn"])
def test_verify_knows_weights_that_nobody_published(run_lle, name):
    run = run_lle("models", "verify", name)
    assert (run.code, run.err) == (0, "")
    assert f"{name}-paper.safetensors  never published (optional)\n" in run.out
    found = {
        verdict["part"]: verdict for verdict in json.loads(run_lle("models", "verify", name, "--json").out)
    }
    assert found["paper"]["condition"] == "absent"


def test_broken_weights_end_with_code_6(run_lle, monkeypatch, tmp_path):
    monkeypatch.setenv("LLE_MODEL_DIR", str(tmp_path))
    save_weights(tmp_path / "codeenhance-paper.safetensors", nn.Linear(1, 1), {"architecture": "codeenhance"})
    run = run_lle("models", "verify", "codeenhance", "--json")
    assert run.code == 6
    found = {verdict["part"]: verdict for verdict in json.loads(run.out)}
    assert found["paper"]["condition"] == "broken"
    assert "do not fit" in found["paper"]["message"]
    assert run.err == "lle: error: 1 of 4 weights files missing or damaged; reinstall or import again\n"


def test_import_of_a_picture_gives_no_advice_to_run_it(run_lle, make_picture, tmp_path):
    run = run_lle("models", "import", "codeenhance", make_picture(tmp_path / "a.png"))
    assert (run.code, run.err.count("\n")) == (6, 1)
    assert "no file of torch.save" in run.err
    assert "weights_only" not in run.err


def test_path_prints_each_folder(run_lle, monkeypatch, tmp_path):
    monkeypatch.setenv("LLE_MODEL_DIR", f"{tmp_path}/a:{tmp_path}/b")
    assert run_lle("models", "path").out == f"{tmp_path}/a\n{tmp_path}/b\n"


def test_import_refuses_what_is_not_the_published_network(run_lle, tmp_path):
    torch.save({"params": {"some.weight": torch.zeros(1)}}, tmp_path / "strange.pth")
    run = run_lle(
        "models", "import", "codeenhance", tmp_path / "strange.pth", "-o", tmp_path / "out.safetensors"
    )
    assert run.code == 6
    assert "some.weight" in run.err
    assert not (tmp_path / "out.safetensors").exists()
    assert run_lle("models", "import", "identity", tmp_path / "strange.pth").code == 2
    assert run_lle("models", "import", "codeenhance", tmp_path / "none.pth").code == 2


def test_imported_weights_are_those_that_run(run_lle, tmp_path, monkeypatch):
    from lowlight_cli.checkpoints.official_codeenhance import enhancer_names
    from lowlight_cli.models.catalog import MODELS

    monkeypatch.setenv("LLE_MODEL_DIR", str(tmp_path))
    network = MODELS["codeenhance"].build(MODELS["codeenhance"].presets["paper"])
    ours = {name: torch.full_like(tensor, 0.01) for name, tensor in network.state_dict().items()}
    theirs = {official: ours[name] for official, name in enhancer_names().items()}
    torch.save({"params": theirs}, tmp_path / "net_g.pth")
    run = run_lle("models", "import", "codeenhance", tmp_path / "net_g.pth")
    assert run.code == 0, run.err
    assert run.out.strip() == str(tmp_path / "codeenhance-paper.safetensors")
    loaded = load_enhancer("codeenhance", preset="paper")
    assert all(torch.equal(tensor, ours[name]) for name, tensor in loaded.state_dict().items())


@pytest.mark.parametrize("name", ["drgn", "lw-drgn"])
def test_who_wants_to_import_drgn_hears_that_nothing_was_published(run_lle, tmp_path, name):
    (tmp_path / "net.pth").touch()
    run = run_lle("models", "import", name, tmp_path / "net.pth")
    assert (run.code, run.out) == (2, "")
    assert "its authors published none (https://github.com/kuijiang94/DRGN); train them" in run.err


@pytest.mark.parametrize("name", ["codeenhance", "glare", "vqcnir"])
def test_a_checkpoint_of_this_program_is_not_imported(run_lle, tmp_path, name):
    own = tmp_path / "mine.safetensors"
    own.write_bytes(SHIPPED.read_bytes())
    run = run_lle("models", "import", name, own)
    assert (run.code, run.out) == (2, "")
    assert run.err == f"lle: error: {own} is a checkpoint of lle: use it with --checkpoint {own}\n"


def test_a_checkpoint_to_resume_from_is_not_imported(run_lle, tmp_path):
    state = {"step": 3, "rng_state": torch.get_rng_state(), "run_state": {}}
    torch.save(state, tmp_path / "last.pt")
    run = run_lle("models", "import", "codeenhance", tmp_path / "last.pt")
    assert (run.code, run.out) == (6, "")
    assert run.err.endswith(f"resume from: use {tmp_path / 'last.safetensors'} with --checkpoint\n")


def test_foreign_weights_are_named_by_counts_and_first_keys_and_with_verbose_by_all(run_lle, tmp_path):
    torch.save({f"layer.{index:03d}": torch.zeros(1) for index in range(150)}, tmp_path / "strange.pth")
    run = run_lle("models", "import", "codeenhance", tmp_path / "strange.pth")
    assert run.code == 6
    (line,) = run.err.splitlines()
    assert len(line) < 400
    assert "150 unknown keys: layer.000, layer.001, layer.002 and 147 more; 81 missing keys: " in line
    assert line.endswith("; -v lists all")
    all_keys = run_lle("models", "import", "codeenhance", tmp_path / "strange.pth", "-v").err
    assert "layer.149" in all_keys


@pytest.mark.parametrize("name", ["codeenhance", "glare", "vqcnir", "drgn", "lw-drgn"])
def test_paper_weights_that_are_missing_come_with_the_page_of_their_authors(
    run_lle, make_picture, monkeypatch, tmp_path, name
):
    monkeypatch.setenv("LLE_MODEL_DIR", str(tmp_path / "none"))
    make_picture(tmp_path / "a.png")
    run = run_lle("enhance", tmp_path / "a.png", "-o", tmp_path / "out.png", "-m", name, "--preset", "paper")
    assert run.code == 6
    (line,) = run.err.splitlines()
    weights = MODELS[name].weights["paper"]
    assert weights.page.startswith("https://github.com/")
    assert weights.page in line
    if weights.published:
        files = "FILE" if len(weights.published) == 1 else " ".join(weights.published)
        assert f"lle models import {name} {files}`; get " in line
    else:
        assert "published none" in line
