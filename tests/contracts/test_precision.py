"""What must hold in 16-bit floats: every model and recipe runs, and its results are close to float32."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from lowlight_cli.layers.codebook import Codebook
from lowlight_cli.layers.coupling import InvertibleMixing
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer, Observation
from lowlight_cli.tensors import CodeIndices, Features, Images
from lowlight_cli.training.catalog import RECIPES
from lowlight_cli.training.config import DataSettings
from lowlight_cli.training.optimizer import GuardedOptimizer
from tests.contracts.narrow_models import CASES, narrow_model
from tests.contracts.narrow_recipes import settings, tiny_data, train

PRECISIONS = [pytest.param(torch.bfloat16, id="bf16"), pytest.param(torch.float16, id="fp16")]
SET = Controls(contrast=0.5, brightness=1.5, texture=0.6, temperature=0.5)
LARGEST, MEAN = 16, 2
"""Limits of the largest and of the mean difference from float32, in steps of the precision at 1."""
SCALES = 6
"""Steps of which one must be taken in float16, where the scale of the gradients has to be found first."""


class Pass(NamedTuple):
    """A picture, and the facts that were measured before it was made, if any."""

    images: Images
    facts: Observation


def passes(model: Enhancer, views: tuple[str, ...], dark: Images) -> dict[str, Callable[[], Pass]]:
    """Every way to ask a model for a picture, by name."""
    known = model.observe(dark, SET)
    reference = torch.rand(1, 3, 40, 56, device=dark.device)

    def whole(model: Enhancer, controls: Controls, reference: Images | None = None) -> Pass:
        return Pass(model.enhance(dark, controls, reference=reference), {})

    def observed(model: Enhancer, reference: Images | None = None) -> Pass:
        facts = model.observe(dark, SET, reference=reference)
        return Pass(model.enhance(dark, SET, observation=facts), facts)

    found: dict[str, Callable[[], Pass]] = {
        "whole": lambda: whole(model, Controls()),
        "controls": lambda: whole(model, SET),
        "observed": lambda: observed(model),
        "known in float32": lambda: Pass(model.enhance(dark, SET, observation=known), {}),
    }
    if model.takes_reference:
        found["reference"] = lambda: whole(model, SET, reference)
        found["observed with reference"] = lambda: observed(model, reference)
    for view in views:
        shown = model.showing(view)
        found[view] = lambda shown=shown: whole(shown, Controls())
        found[f"{view} observed"] = lambda shown=shown: observed(shown)
    return found


@contextmanager
def codes(given: list[CodeIndices] | None = None) -> Iterator[list[CodeIndices]]:
    """Records which codes are chosen; given codes replace those that are found.

    Where two codes are almost equally near, rounding decides between them, and the pictures differ there.
    """
    nearest = Codebook.nearest
    chosen: list[CodeIndices] = []

    def choose(self: Codebook, features: Features) -> CodeIndices:
        chosen.append(nearest(self, features))
        return chosen[-1] if given is None else given[len(chosen) - 1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Codebook, "nearest", choose)
        yield chosen


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("case", CASES)
def test_results_in_16_bits_are_close_to_those_in_float32(case, precision, device):
    model = narrow_model(case).to(device)
    side = max(32, model.size_multiple)
    dark = 0.2 * torch.rand(2, 3, side, side, device=device)
    with torch.inference_mode():
        calls = passes(model, MODELS[case.model].views, dark)
        assert len(calls) >= 4
        for name, call in calls.items():
            torch.manual_seed(0)
            with codes() as target_codes:
                wanted = call()
            torch.manual_seed(0)
            with codes(target_codes), torch.autocast(device.type, precision):
                made = call()
            assert made.images.shape == dark.shape, name
            assert made.images.dtype == torch.float32, name
            assert made.images.isfinite().all(), name
            assert made.images.min() >= 0, name
            assert made.images.max() <= 1, name
            assert_near(made.images, wanted.images, precision, name)
            assert {key: fact.shape for key, fact in made.facts.items()} == {
                key: fact.shape for key, fact in wanted.facts.items()
            }
            assert all(fact.isfinite().all() for fact in made.facts.values()), name


def assert_near(made: Tensor, wanted: Tensor, precision: torch.dtype, name: str) -> None:
    difference = (made - wanted).abs()
    unit = torch.finfo(precision).eps
    assert difference.max() <= LARGEST * unit, name
    assert difference.mean() <= MEAN * unit, name


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("case", CASES)
def test_gradients_of_a_pass_in_16_bits_are_finite(case, precision, device):
    model = narrow_model(case).to(device)
    if not any(True for _ in model.parameters()):
        return
    model.requires_grad_(requires_grad=True)
    side = max(32, model.size_multiple)
    dark = 0.2 * torch.rand(1, 3, side, side, device=device)
    with torch.autocast(device.type, precision):
        made = model.enhance(dark, Controls())
    made.mean().backward()
    gradients = [each.grad for each in model.parameters() if each.grad is not None]
    assert len(gradients) > 5
    assert any(gradient.any() for gradient in gradients)
    assert all(gradient.isfinite().all() for gradient in gradients)


class Without64Bits(TorchDispatchMode):
    """Fails an operation that makes a tensor of 64-bit floats, as an Apple GPU does."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, tuple | list) else (made,):
            if isinstance(tensor, Tensor) and tensor.dtype == torch.float64:
                raise TypeError(f"{func} makes float64")
        return made


@pytest.mark.parametrize("case", CASES)
def test_no_model_needs_64_bit_floats(case):
    model = narrow_model(case)
    for module in model.modules():
        if isinstance(module, InvertibleMixing):
            module.settle()  # the inverse is computed on the CPU
    side = max(32, model.size_multiple)
    dark = 0.2 * torch.rand(1, 3, side, side)
    with torch.inference_mode():
        for name, call in passes(model, MODELS[case.model].views, dark).items():
            with Without64Bits():
                made = call()
            assert made.images.shape == dark.shape, name


@pytest.fixture(scope="module")
def data(tmp_path_factory, make_picture) -> DataSettings:
    return tiny_data(tmp_path_factory.mktemp("data"), make_picture)


@pytest.fixture
def taken(monkeypatch) -> list[bool]:
    """For each optimizer of a step whether its weights changed."""
    found: list[bool] = []
    step = GuardedOptimizer.step

    def step_watched(self: GuardedOptimizer, share: float) -> bool:
        before = [parameter.detach().clone() for parameter in self._parameters]
        is_taken = step(self, share)
        assert not self.failed
        moved = any(not torch.equal(a, b) for a, b in zip(before, self._parameters, strict=True))
        assert moved == is_taken
        assert all(parameter.isfinite().all() for parameter in self._parameters)
        found.append(is_taken)
        return is_taken

    monkeypatch.setattr(GuardedOptimizer, "step", step_watched)
    return found


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_learns_in_16_bits(name, data, tmp_path, taken):
    first: dict[str, float] = {}
    for precision, tries in {"fp32": 1, "bf16": 1, "fp16": SCALES}.items():
        folder = tmp_path / precision
        for _ in range(tries):
            taken.clear()
            # Each call takes one step and stops; the next one goes on from there.
            train(name, settings(name, data, 100, precision=precision, limit_minutes=1e-9), folder)
            if all(taken):
                break
        assert taken
        assert all(taken), precision
        first[precision] = json.loads((folder / "metrics.jsonl").read_text().splitlines()[0])["loss"]
    assert first["bf16"] == pytest.approx(first["fp32"], rel=0.05)
    assert first["fp16"] == pytest.approx(first["fp32"], rel=0.01)
