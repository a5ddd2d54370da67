"""``lle models``: list, info, verify, import, path."""

import json

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
    assert run.out.startswith("codeenhance  paper, lite  ")
    assert "identity" not in run.out
    shown = [name for name, entry in MODELS.items() if not entry.hidden]
    assert [row["name"] for row in json.loads(run_lle("models", "list", "--json").out)] == shown


def test_info_counts_the_published_network(run_lle):
    facts = json.loads(run_lle("models", "info", "codeenhance", "--preset", "paper", "--json").out)
    assert facts["parameters"] == sum(facts["parts"].values()) == 39_591_939
    assert facts["gflop"]["600x400"] > 3 * facts["gflop"]["256x256"] > 0
    assert facts["weights"]["shipped"] is False
    assert facts["weights"]["path"] is None


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
def test_shipped_weights_verify(run_lle):
    run = run_lle("models", "verify")
    assert (run.code, run.err) == (0, "")
    assert not [line for line in run.out.splitlines() if " broken " in line]
    run = run_lle("models", "verify", "codeenhance")
    conditions = {line.split()[1]: line.split()[3] for line in run.out.splitlines()}
    assert conditions == {"paper": "absent", "lite": "ok", "vqgan": "ok", "semantic": "ok"}


def test_broken_weights_end_with_code_6(run_lle, monkeypatch, tmp_path):
    monkeypatch.setenv("LLE_MODEL_DIR", str(tmp_path))
    save_weights(tmp_path / "codeenhance-paper.safetensors", nn.Linear(1, 1), {"architecture": "codeenhance"})
    run = run_lle("models", "verify", "codeenhance", "--json")
    assert run.code == 6
    found = {verdict["part"]: verdict for verdict in json.loads(run.out)}
    assert found["paper"]["condition"] == "broken"
    assert "do not fit" in found["paper"]["message"]


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
    assert "its authors published none; train them" in run.err
