"""Paths of weights that are no weights file: a folder, and a checkpoint to resume from."""

import pytest
import torch

from lowlight_cli.checkpoints.locate import shipped_folder

SHIPPED = shipped_folder() / "codeenhance-lite.safetensors"


@pytest.fixture(params=["enhance", "eval", "train"])
def use(request, run_lle, make_picture, tmp_path):
    """Runs a command with a path in place of a weights file."""
    for half in ("low", "high"):
        make_picture(tmp_path / half / "a.png", (64, 64))

    def run(path):
        match request.param:
            case "enhance":
                words = ("enhance", tmp_path / "low", "-o", tmp_path / "out", "--checkpoint", path)
            case "eval":
                words = (
                    "eval",
                    "--low",
                    tmp_path / "low",
                    "--gt",
                    tmp_path / "high",
                    "-m",
                    f"codeenhance={path}",
                )
            case _:
                tune = ("train", "codeenhance-tune", "--data", tmp_path / "high", "-o", tmp_path / "out")
                words = (*tune, "--crop", 64, "--cache", "none", "--start", path)
        return run_lle(*words, "--device", "cpu")

    return run


def test_a_folder_is_named_as_one_with_the_weights_in_it(use, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    empty = use(folder)
    assert (empty.code, empty.out) == (6, "")
    assert f"weights {folder} are a folder; give the path of a *.safetensors file\n" in empty.err
    (folder / "codeenhance.safetensors").write_bytes(SHIPPED.read_bytes())
    assert f"weights {folder} are a folder; use {folder / 'codeenhance.safetensors'}\n" in use(folder).err


def test_a_checkpoint_to_resume_from_comes_with_the_file_to_use(use, tmp_path):
    torch.save({"step": 3, "rng_state": torch.get_rng_state()}, tmp_path / "last.pt")
    run = use(tmp_path / "last.pt")
    assert run.code == 6
    assert f"resume from: use {tmp_path / 'last.safetensors'} with --checkpoint\n" in run.err
    torch.save([1], tmp_path / "last.pt")
    assert "is not a table of weights" in use(tmp_path / "last.pt").err
