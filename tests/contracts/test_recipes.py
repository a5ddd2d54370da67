"""What every recipe must do, run on a few tiny pictures."""

import json
import os
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from lowlight_cli.training.catalog import RECIPES
from lowlight_cli.training.checkpoints import read_state
from lowlight_cli.training.config import DataSettings, Recipe
from lowlight_cli.training.metrics_log import MetricsLog
from lowlight_cli.training.optimizer import GuardedOptimizer
from lowlight_cli.training.run_folder import RunFolder
from tests.contracts.narrow_recipes import settings, tiny_data, train


@pytest.fixture(scope="module")
def data(tmp_path_factory, make_picture) -> DataSettings:
    return tiny_data(tmp_path_factory.mktemp("data"), make_picture)


OF_BATCH = ("pixel", "edge", "structure", "colour", "perceptual", "adversarial", "code")
"""Losses that are means over the images of a batch."""


@pytest.mark.parametrize("name", RECIPES)
def test_a_run_stopped_after_every_step_ends_bit_for_bit_like_one_that_was_not(name, data, tmp_path):
    whole = train(name, settings(name, data, 3), tmp_path / "whole")
    for _ in range(3):
        pieces = train(name, settings(name, data, 3, limit_minutes=1e-9), tmp_path / "pieces")
    again = train(name, settings(name, data, 3), tmp_path / "pieces")
    assert again["step"] == 3
    assert whole["step"] == pieces["step"] == 3
    for key, value in whole["model"].items():
        assert torch.equal(value, pieces["model"][key]), key
    journals = [(tmp_path / part / "metrics.jsonl").read_text() for part in ("whole", "pieces")]
    losses = [[json.loads(line).get("loss") for line in text.splitlines()] for text in journals]
    assert [loss for loss in losses[0] if loss] == [loss for loss in losses[1] if loss]


# The flow of GLARE is initialized from the first part, and the semantic loss is a mean over labeled pixels.
@pytest.mark.parametrize("name", [name for name in RECIPES if name not in ("glare-flow", "semantic")])
def test_the_losses_of_a_step_are_means_over_the_parts_of_its_batch(name, data, tmp_path):
    rows = []
    for parts in (1, 2):
        recipe = settings(name, data, 1, accumulate=parts)
        train(name, recipe, tmp_path / str(parts))
        rows.append(MetricsLog(tmp_path / str(parts)).rows()[0])
    losses = [name for name in rows[0] if name in OF_BATCH or name == "loss" or name.endswith("_loss")]
    assert "loss" in losses
    assert {name: rows[1][name] for name in losses} == pytest.approx(
        {name: rows[0][name] for name in losses}, rel=1e-5, abs=1e-5
    )


class Short(NamedTuple):
    """A run of two steps that shows samples after each: its settings, and its folder."""

    recipe: Recipe
    folder: Path


@pytest.fixture(scope="module", params=RECIPES)
def short(request, data, tmp_path_factory) -> Short:
    recipe = settings(request.param, data, 2)
    often = recipe.run.model_copy(update={"sample_every": 1})
    fast = recipe.optimizer.model_copy(update={"learning_rate": 0.05})  # lest the same codes be chosen
    recipe = recipe.model_copy(update={"run": often, "optimizer": fast})
    folder = tmp_path_factory.mktemp(request.param) / "run"
    train(request.param, recipe, folder)
    return Short(recipe, folder)


def test_a_run_leaves_settings_journal_and_weights(short):
    from safetensors.torch import load_file

    resolved = tomllib.loads((short.folder / "config.resolved.toml").read_text())
    assert resolved["run"]["steps"] == 2
    assert load_file(short.folder / f"{short.recipe.architecture}.safetensors")
    assert not list(short.folder.rglob("*.lle-tmp-*"))


def test_speed_waiting_and_memory_are_measured(short):
    row = json.loads((short.folder / "metrics.jsonl").read_text().splitlines()[0])
    assert row["images_per_second"] > 0
    assert 0 < row["data_wait"] < 1
    assert row["memory_mb"] > 0


def test_the_same_pictures_are_shown_each_time(short):
    if short.recipe.architecture == "semantic":
        assert not list((short.folder / "samples").iterdir())
        return
    grids = []
    for step in (1, 2):
        with Image.open(short.folder / "samples" / f"step-{step:06d}.jpg") as picture:
            grids.append(picture.convert("RGB"))
    side = short.recipe.run.crop
    inputs = [grid.crop((0, 0, side, grid.height)).tobytes() for grid in grids]
    assert grids[0].height >= 2 * side
    assert inputs[0] == inputs[1]
    assert grids[0].tobytes() != grids[1].tobytes()


UNMOVED = (
    # The shares of fakes and of real ones cancel while all verdicts lie within the margin.
    "discriminator.conv9.bias",
    # Of so few channels in the narrow network that its ReLU shuts it.
    "model.aiem.0.imae.mutual.curve.0.",
)


class Watched(NamedTuple):
    """What became of parameters while a recipe ran, by name: of those it trains, and of all others."""

    without_gradient: list[str]
    changed_though_frozen: list[str]


@pytest.fixture
def watch(monkeypatch) -> Callable[[], Watched]:
    """Notes which parameters get a gradient; tells afterwards."""
    start: dict[str, tuple[torch.nn.Parameter, torch.Tensor]] = {}
    trained: set[int] = set()
    reached: set[int] = set()
    resume, create, step = RunFolder.resume, GuardedOptimizer.__init__, GuardedOptimizer.step

    def resume_watched(self: RunFolder, device: torch.device, parts: Mapping[str, Any]) -> int:
        for part, module in parts.items():
            if isinstance(module, torch.nn.Module) and part != "average":
                for name, value in module.named_parameters():
                    start[f"{part}.{name}"] = (value, value.detach().clone())
        return resume(self, device, parts)

    def create_watched(self: GuardedOptimizer, *values: Any, **more: Any) -> None:
        create(self, *values, **more)
        trained.update(map(id, self._parameters))

    def step_watched(self: GuardedOptimizer, share: float) -> bool:
        reached.update(id(each) for each in self._parameters if each.grad is not None and each.grad.any())
        return step(self, share)

    monkeypatch.setattr(RunFolder, "resume", resume_watched)
    monkeypatch.setattr(GuardedOptimizer, "__init__", create_watched)
    monkeypatch.setattr(GuardedOptimizer, "step", step_watched)

    def tell() -> Watched:
        assert trained
        assert trained <= {id(value) for value, _ in start.values()}
        return Watched(
            [name for name, (value, _) in start.items() if id(value) in trained - reached],
            [
                name
                for name, (value, first) in start.items()
                if id(value) not in trained and not torch.equal(value, first)
            ],
        )

    return tell


@pytest.mark.parametrize("name", RECIPES)
def test_the_loss_falls_as_every_trained_part_learns(name, data, tmp_path, watch):
    recipe = settings(name, data, 24)
    train(name, recipe, tmp_path / "run")
    seen = watch()
    assert not seen.changed_though_frozen
    assert not [key for key in seen.without_gradient if not key.startswith(UNMOVED)]
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    # Codes start in the second step of stage I, so the first losses are of another kind.
    key = {"semantic": "naming", "drgn-degradation": "paired", "glare-flow": "likelihood"}.get(name, "pixel")
    values = [row[key] for row in rows if key in row]
    assert sum(values[-5:]) < sum(values[:5])


def test_stage_two_trains_no_frozen_part(data, tmp_path):
    recipe = settings("codeenhance", data, 2)
    state = train("codeenhance", recipe, tmp_path / "run")["model"]
    torch.manual_seed(recipe.run.seed)
    from lowlight_cli.training.warm_start import start_from

    fresh = start_from(recipe.model, None, None)[0].state_dict()
    frozen = ("semantic.", "post_quant.", "decoder.", "reference_encoder.", "codebook.weight")
    changed = {key for key, value in state.items() if not torch.equal(value, fresh[key])}
    assert changed
    assert not [key for key in changed if key.startswith(frozen)]
    trained = {key.split(".")[0] for key in changed}
    assert trained == {"encoder", "sem", "pre_quant", "codebook", "ift"}


def start_processes(root: Path, arguments: Sequence[str]) -> list[subprocess.Popen[bytes]]:
    """Starts the two processes that train together."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1"}
    command = (sys.executable, "-m", "tests.contracts.process_of_several", *arguments)
    return [
        subprocess.Popen(command, env=os.environ | shared | {"RANK": str(rank)}, cwd=root)
        for rank in range(2)
    ]


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one(data, tmp_path, root):
    steps = 5
    processes = start_processes(root, (data.model_dump_json(), str(steps), str(tmp_path / "two")))
    try:
        for name in RECIPES:
            # Its loss is a mean over the labelled pixels of a part.
            parts = {"accumulate": 2} if name == "semantic" else {}
            train(name, settings(name, data, steps, **parts), tmp_path / "one" / name)
        assert [process.wait() for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    for name in RECIPES:
        one, two = (read_state(tmp_path / kind / name / "ckpt" / "last.pt") for kind in ("one", "two"))
        for part in ("model", "average"):
            # Sums are rounded in another order, and Adam makes much of small gradients.
            codes, others = zip(divided(one[part]), divided(two[part]), strict=True)
            assert apart(*others) < 2e-4, (name, part)
            # Rounding also decides which of two nearly equal codes is chosen; then both rows move.
            assert apart(*codes) < 2e-2, (name, part)
        losses = [MetricsLog(tmp_path / kind / name).curve("loss") for kind in ("one", "two")]
        assert len(losses[0]) == steps
        assert dict(losses[1]) == pytest.approx(dict(losses[0]), rel=1e-3), name


def divided(state: Mapping[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Codes, and all other weights."""
    codes = {key: value for key, value in state.items() if key.endswith("codebook.weight")}
    return codes, {key: value for key, value in state.items() if key not in codes}


def apart(one: Mapping[str, torch.Tensor], two: Mapping[str, torch.Tensor]) -> float:
    """Norm of the difference of weights against that of the weights."""
    assert one.keys() == two.keys()
    difference = sum(float((two[key] - value).square().sum()) for key, value in one.items())
    whole = sum(float(value.square().sum()) for value in one.values())
    return (difference / whole) ** 0.5 if whole else 0.0


@pytest.mark.parametrize("name", RECIPES)
def test_networks_are_compiled_where_that_is_asked_for(name, data, tmp_path, monkeypatch):
    asked = []

    def compile_nothing(function: Callable[..., object], **options: object) -> Callable[..., object]:
        asked.append(options)
        return function

    if not RECIPES[name].settings_class().can_compile:
        with pytest.raises(ValidationError, match="cannot be compiled"):
            settings(name, data, 1, compile=True)
        return
    monkeypatch.setattr(torch, "compile", compile_nothing)
    train(name, settings(name, data, 1), tmp_path / "plain")
    assert not asked
    train(name, settings(name, data, 1, compile=True), tmp_path / "compiled")
    assert asked
    assert all(options == {"fullgraph": True} for options in asked)
