"""Weights that are written come back; anything else is refused with its reason."""

import json

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from lowlight_cli.checkpoints.load import fill, load_enhancer, load_weights, sha256_of
from lowlight_cli.checkpoints.locate import find_weights, shipped_folder, user_folders
from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.errors import OutputError, UnknownNameError, WeightsError
from lowlight_cli.models.entry import WeightsEntry
from lowlight_cli.models.interface import Enhancer


def test_metadata_and_tensors_come_back(tmp_path):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    path = save_weights(tmp_path / "new" / "a.safetensors", model, {"architecture": "toy", "steps": 7})
    state, metadata = load_weights(path)
    assert metadata == {"architecture": "toy", "steps": 7, "format_version": 1}
    assert state.keys() == model.state_dict().keys()
    assert all(torch.equal(state[name], tensor) for name, tensor in model.state_dict().items())
    assert [file.name for file in path.parent.iterdir()] == ["a.safetensors"]


def test_half_precision_halves_the_file_and_is_read_as_float(tmp_path):
    model = nn.Linear(100, 100)
    whole = save_weights(tmp_path / "whole.safetensors", model, {})
    half = save_weights(tmp_path / "half.safetensors", model, {}, half_precision=True)
    state = load_weights(half).state
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    assert state["weight"].dtype == torch.float32
    torch.testing.assert_close(state["weight"], model.weight.detach(), rtol=1e-3, atol=1e-3)


def test_the_same_weights_give_the_same_file(tmp_path):
    model = nn.Linear(3, 3)
    files = [save_weights(tmp_path / f"{name}.safetensors", model, {"b": 1, "a": 2}) for name in "xy"]
    assert sha256_of(files[0]) == sha256_of(files[1])


def test_shared_weights_can_be_saved(tmp_path):
    model = nn.ModuleList([nn.Linear(2, 2)])
    model.append(model[0])
    assert len(load_weights(save_weights(tmp_path / "a.safetensors", model, {})).state) == 4


def test_folder_that_is_a_file_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        save_weights(tmp_path / "file" / "a.safetensors", nn.Linear(1, 1), {})


def test_missing_damaged_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="do not exist"):
        load_weights(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("not weights, but long enough to have a header")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_weights(tmp_path / "text.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(WeightsError, match="do not name their model"):
        load_weights(tmp_path / "foreign.safetensors")


def test_files_of_a_newer_program_are_refused(tmp_path):
    metadata = {"lle": json.dumps({"format_version": 99, "architecture": "toy"})}
    save_file({"a": torch.zeros(1)}, tmp_path / "new.safetensors", metadata)
    with pytest.raises(WeightsError, match="newer"):
        load_weights(tmp_path / "new.safetensors")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("bias"), r"1 missing \(bias\)"),
        (lambda state: state.update(extra=torch.zeros(1)), r"1 unexpected \(extra\)"),
        (lambda state: state.update(bias=torch.zeros(5)), r"1 of another shape \(bias\)"),
    ],
)
def test_weights_that_do_not_fit_are_named(change, message):
    model = nn.Linear(2, 2)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    change(state)
    with pytest.raises(WeightsError, match=message):
        fill(model, state, "here")


def test_folders_of_the_user_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("LLE_MODEL_DIR", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    assert user_folders() == (tmp_path / "a", tmp_path / "b")
    monkeypatch.delenv("LLE_MODEL_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert user_folders() == (tmp_path / "lle" / "models",)


def test_imported_weights_are_found_in_any_folder_of_the_user(monkeypatch, tmp_path):
    entry = WeightsEntry("mine.safetensors", "none", shipped=False)
    monkeypatch.setenv("LLE_MODEL_DIR", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    with pytest.raises(WeightsError, match="lle models import"):
        find_weights(entry)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.safetensors").write_bytes(b"")
    assert find_weights(entry) == tmp_path / "b" / "mine.safetensors"


def test_shipped_folder_lies_in_the_package():
    assert (shipped_folder() / "__init__.py").is_file()


def test_identity_needs_no_weights():
    model = load_enhancer("identity")
    assert isinstance(model, Enhancer)
    assert not model.training


def test_unknown_models_and_presets_are_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'codeenhance'"):
        load_enhancer("codenhance")
    with pytest.raises(UnknownNameError, match="preset of codeenhance 'huge'"):
        load_enhancer("codeenhance", preset="huge")


def test_checkpoint_of_another_model_is_refused(tmp_path):
    path = save_weights(tmp_path / "a.safetensors", nn.Linear(1, 1), {"architecture": "toy"})
    with pytest.raises(WeightsError, match="of model 'toy', not 'codeenhance'"):
        load_enhancer("codeenhance", checkpoint=path)
