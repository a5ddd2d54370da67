"""A run folder holds all that a run leaves behind, and survives what happens to it."""

import csv
import json
import shutil
import subprocess
import tomllib
from importlib.metadata import version

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn

from lowlight_cli.errors import DivergedError, LockedError, OutputError, UsageError, WeightsError
from lowlight_cli.training.config import DataSettings, Recipe, RunSettings
from lowlight_cli.training.recipes.semantic import SemanticRecipe
from lowlight_cli.training.recipes.vqgan import VqganRecipe
from lowlight_cli.training.run_files import commit_of
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.settings import as_toml

CPU = torch.device("cpu")


@pytest.fixture
def opened(tmp_path):
    """Opens the same folder again and again."""

    def open_folder(**run: object) -> RunFolder:
        return RunFolder(tmp_path, VqganRecipe(run=RunSettings(journal_every=1, **run)))

    return open_folder


def save(folder: RunFolder, step: int, value: float, score: float | None = None) -> None:
    layer = nn.Linear(1, 1, bias=False)
    nn.init.constant_(layer.weight, value)
    folder.report(step - 1, loss=value)
    if score is not None:
        folder.record_validation(step - 1, {"psnr": score}, by="psnr")
    folder.save(step, {"layer": layer}, layer)


def resumed(folder: RunFolder) -> tuple[int, float]:
    layer = nn.Linear(1, 1, bias=False)
    step = folder.resume(CPU, {"layer": layer})
    return step, round(layer.weight.item(), 3)


def test_the_newest_checkpoints_and_the_best_are_kept(opened, tmp_path):
    folder = opened(keep=2)
    folder.resume(CPU, {})
    for step, score in ((1, 10.0), (2, 30.0), (3, 20.0), (4, 25.0)):
        save(folder, step, step / 10, score)
    names = {path.name for path in (tmp_path / "ckpt").iterdir()}
    stems = ("last", "best", "step-000003", "step-000004")
    assert names == {f"{stem}{suffix}" for stem in stems for suffix in (".pt", ".safetensors")}
    assert float(load_file(tmp_path / "ckpt" / "best.safetensors")["weight"]) == pytest.approx(0.2)
    assert float(load_file(tmp_path / "ckpt" / "last.safetensors")["weight"]) == pytest.approx(0.4)


def test_numbers_are_kept_as_lines_as_a_table_and_as_plots(opened, tmp_path):
    folder = opened()
    folder.resume(CPU, {})
    for step in (1, 2, 3):
        save(folder, step, 1 / step, 20.0 + step)
    with (tmp_path / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["step"], row["psnr"]) for row in rows] == [("0", "21.0"), ("1", "22.0"), ("2", "23.0")]
    for plot in ("loss", "psnr"):
        with Image.open(tmp_path / "plots" / f"{plot}.png") as picture:
            colors = {color for _, color in picture.convert("RGB").getcolors(100000)}
        assert (0, 114, 178) in colors
    assert not (tmp_path / "plots" / "codebook_usage.png").exists()


def test_a_number_that_is_not_finite_is_null_in_the_journal(opened, tmp_path):
    opened().report(0, loss=float("nan"))
    assert json.loads((tmp_path / "metrics.jsonl").read_text())["loss"] is None


def test_settings_machine_and_lines_are_written_down(opened, tmp_path):
    folder = opened(steps=7)
    folder.resume(CPU, {})
    folder.log("a line for a person")
    assert tomllib.loads((tmp_path / "config.resolved.toml").read_text())["run"]["steps"] == 7
    assert json.loads((tmp_path / "env.json").read_text())["packages"]["torch"] == version("torch")
    assert "a line for a person" in (tmp_path / "train.log").read_text()


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_commit_of_a_checkout_is_written_down_with_a_mark_for_changes(tmp_path):
    def git(*words: str) -> str:
        names = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        return subprocess.run(
            ["git", "-C", tmp_path, *names, *words], capture_output=True, text=True, check=True
        ).stdout

    (tmp_path / "__init__.py").write_text("")
    git("init", "-q")
    assert commit_of(tmp_path) is None
    git("add", ".")
    git("commit", "-q", "-m", "first")
    assert commit_of(tmp_path) == git("rev-parse", "HEAD").strip()
    (tmp_path / "__init__.py").write_text("changed")
    assert commit_of(tmp_path) == git("rev-parse", "HEAD").strip() + "+"


def test_a_damaged_checkpoint_gives_way_to_the_one_before(opened, tmp_path):
    folder = opened()
    folder.resume(CPU, {})
    save(folder, 1, 0.1)
    save(folder, 2, 0.2)
    assert resumed(opened()) == (2, 0.2)
    for name in ("last", "step-000002"):
        (tmp_path / "ckpt" / f"{name}.pt").write_bytes(b"half")
    assert resumed(opened()) == (1, 0.1)
    assert "last.pt is damaged, so an older checkpoint is used" in (tmp_path / "train.log").read_text()
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 1
    for name in ("last", "step-000001"):
        (tmp_path / "ckpt" / f"{name}.pt").write_bytes(b"half")
    with pytest.raises(WeightsError, match=r"last\.pt"):
        resumed(opened())


def test_a_run_can_start_over_or_go_on_from_any_checkpoint(opened, tmp_path):
    folder = opened()
    folder.resume(CPU, {})
    save(folder, 1, 0.1)
    save(folder, 2, 0.2)
    assert resumed(opened(resume=str(tmp_path / "ckpt" / "step-000001.pt"))) == (1, 0.1)
    assert opened(resume="none").resume(CPU, {}) == 0
    assert list((tmp_path / "ckpt").iterdir()) == []


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_came_after_the_checkpoint_that_a_run_goes_on_from_is_gone(opened, tmp_path):
    folder = opened()
    folder.resume(CPU, {})
    for step, score in ((1, 30.0), (2, 20.0), (3, 40.0)):
        save(folder, step, step / 10, score)
        (tmp_path / "samples" / f"step-{step:06d}.jpg").touch()
    ckpt = tmp_path / "ckpt"
    assert resumed(opened(resume=str(ckpt / "step-000001.pt"))) == (1, 0.1)
    assert names_in(tmp_path / "samples") == ["step-000001.jpg"]
    assert names_in(ckpt) == ["last.pt", "last.safetensors", "step-000001.pt", "step-000001.safetensors"]
    again = opened()
    assert resumed(again) == (1, 0.1)
    save(again, 2, 0.7, 10.0)
    assert float(load_file(ckpt / "best.safetensors")["weight"]) == pytest.approx(0.7)


def test_the_best_stays_if_it_came_before(opened, tmp_path):
    folder = opened()
    folder.resume(CPU, {})
    for step, score in ((1, 30.0), (2, 20.0), (3, 10.0)):
        save(folder, step, step / 10, score)
    again = opened(resume=str(tmp_path / "ckpt" / "step-000002.pt"))
    assert resumed(again) == (2, 0.2)
    save(again, 3, 0.7, 25.0)
    assert float(load_file(tmp_path / "ckpt" / "best.safetensors")["weight"]) == pytest.approx(0.1)


def test_a_run_from_the_checkpoint_of_another_has_a_best_of_its_own(opened, tmp_path):
    folder = opened()
    folder.resume(CPU, {})
    save(folder, 1, 0.1, 30.0)
    origin = str(tmp_path / "ckpt" / "last.pt")
    other = RunFolder(tmp_path / "other", VqganRecipe(run=RunSettings(resume=origin)))
    assert resumed(other) == (1, 0.1)
    save(other, 2, 0.7, 20.0)
    assert float(load_file(tmp_path / "other" / "ckpt" / "best.safetensors")["weight"]) == pytest.approx(0.7)
    with pytest.raises(UsageError, match="holds a run already: go on with it without --resume"):
        resumed(RunFolder(tmp_path / "other", VqganRecipe(run=RunSettings(resume=origin))))


def test_a_new_run_removes_the_samples_and_plots_of_the_one_before(opened, tmp_path):
    folder = opened()
    folder.resume(CPU, {})
    save(folder, 1, 0.1)
    (tmp_path / "samples" / "step-000001.jpg").touch()
    assert opened(resume="none").resume(CPU, {}) == 0
    assert names_in(tmp_path / "samples") + names_in(tmp_path / "plots") == []


def test_a_checkpoint_of_another_network_is_refused_in_one_line(opened, tmp_path):
    folder = opened()
    folder.resume(CPU, {})
    save(folder, 1, 0.1)
    with pytest.raises(WeightsError, match=r"holds a run of vqgan, not of semantic: choose another --out"):
        resumed(RunFolder(tmp_path, SemanticRecipe()))
    layers = {"layer": nn.Linear(3, 3), "more": nn.Linear(1, 1)}
    with pytest.raises(WeightsError, match="of another training") as caught:
        opened().resume(CPU, layers)
    assert "\n" not in str(caught.value)


def test_a_folder_in_use_is_refused(opened, tmp_path):
    first, second = opened(), opened()
    with first.running():
        first.resume(CPU, {})
        save(first, 1, 0.1)
        with second.running(), pytest.raises(LockedError, match="another training writes to"):
            second.resume(CPU, {})
        assert LockedError.exit_code == 11
    with second.running():
        assert resumed(second) == (1, 0.1)


def test_a_finished_run_says_that_nothing_is_left_to_do(opened, tmp_path):
    folder = opened(steps=1)
    folder.resume(CPU, {})
    save(folder, 1, 0.1)
    resumed(opened(steps=1))
    assert "nothing is left to do after 1 step; take more" in (tmp_path / "train.log").read_text()


def test_a_run_that_diverges_names_its_last_checkpoint(opened, tmp_path):
    folder = opened()
    folder.resume(CPU, {})
    save(folder, 1, 0.1)
    for _ in range(19):
        folder.count(failed=True)
    with pytest.raises(DivergedError, match=r"last\.pt") as caught:
        folder.count(failed=True)
    assert caught.value.exit_code == 9
    assert resumed(opened()) == (1, 0.1)


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "run").touch()
    with pytest.raises(OutputError):
        RunFolder(tmp_path / "run", Recipe())


def test_settings_written_as_toml_read_back(tmp_path):
    recipe = VqganRecipe(
        data=DataSettings(photos=(tmp_path / 'a "quoted" ✓\n',), held_out=()), run=RunSettings(early_stop=3)
    )
    text = as_toml(recipe)
    assert VqganRecipe.model_validate(tomllib.loads(text)) == recipe


def test_the_folder_is_made_once_a_run_begins_with_all_lines_before(tmp_path):
    folder = RunFolder(tmp_path / "runs" / "run", VqganRecipe())
    folder.log("decoding 3 of 3 images")
    assert not list(tmp_path.iterdir())
    folder.resume(CPU, {})
    assert "decoding 3 of 3 images" in (tmp_path / "runs" / "run" / "train.log").read_text()
