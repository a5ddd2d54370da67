"""Training of the estimator of camera shake runs to its end."""

import random

import torch

from benchmarks.train_shake import distance, drawn_kernel, examples, fitted, trained, turned
from lowlight_cli.checkpoints.load import load_weights
from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.models.shake.estimator import KERNEL_SIDE


def test_examples_are_made_and_learned_from(tmp_path, make_picture):
    for number in range(2):
        make_picture(tmp_path / f"{number}.png", (330, 300), seed=number)
    maps, kernels = examples(tmp_path, 6, seed=3)
    assert maps.shape == (6, 8, 63, 63)
    assert torch.allclose(kernels.sum((1, 2)), torch.ones(6))
    again, _ = examples(tmp_path, 6, seed=3)
    assert torch.equal(maps, again)
    estimator, steps = trained(maps, kernels, minutes=1e-6)
    assert steps == 1
    assert estimator(maps.float()).shape == (6, KERNEL_SIDE, KERNEL_SIDE)
    path = save_weights(tmp_path / "shake.safetensors", estimator, {"architecture": "shake"})
    assert load_weights(path).state.keys() == estimator.state_dict().keys()


def test_a_path_and_the_same_path_turned_are_equally_near():
    draw, generator = random.Random(5), torch.Generator().manual_seed(5)
    kernels = torch.stack([fitted(drawn_kernel(draw, generator)) for _ in range(4)])
    assert torch.allclose(distance(kernels, kernels), torch.zeros(4), atol=1e-5)
    assert torch.allclose(distance(kernels.flip(1, 2), kernels), torch.zeros(4), atol=1e-5)
    assert distance(kernels, kernels.roll(1, 0)).min() > 0.1


def test_turning_an_example_turns_its_kernel():
    torch.manual_seed(0)
    maps, kernels = torch.rand(2, 8, 63, 63), torch.rand(2, 31, 31)
    for _ in range(6):
        seen, wanted = turned(maps, kernels)
        assert seen.shape == maps.shape
        assert torch.allclose(wanted.sum((1, 2)), kernels.sum((1, 2)))
