"""What happens, in which order, when memory runs out."""

import numpy as np
import pytest
import torch

from lowlight_cli.device import FP32
from lowlight_cli.errors import ImageError
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.warnings import Warnings

CPU = torch.device("cpu")


class Cramped(Identity):
    """Has no memory for more than ``most`` pixels in a pass; notes what went through."""

    def __init__(self, most, failure=torch.OutOfMemoryError):
        super().__init__()
        self.most = most
        self.failure = failure
        self.asked = []

    def enhance(self, images, controls, *, observation=None, reference=None):
        self.asked.append((len(images), *images.shape[2:]))
        if len(images) * images.shape[2] * images.shape[3] > self.most:
            raise self.failure
        return images


def _forward(enhancer, *, limits=None, fallback=None, texts=None):
    warnings = Warnings(texts.append) if texts is not None else None
    return ModelRunner(
        enhancer,
        EnhanceParams(Controls()),
        limits or Limits(2**20),
        device=CPU,
        precision=FP32,
        fallback=fallback,
        warnings=warnings,
    )


def _pictures(count, height, width):
    generator = np.random.default_rng(0)
    return [generator.integers(0, 99, (height, width, 3), dtype=np.uint8) for _ in range(count)]


def test_the_batch_is_halved_before_tiles_are_and_both_warn_once():
    texts, pictures = [], _pictures(4, 256, 256)
    enhancer = Cramped(most=130 * 130)
    results = _forward(enhancer, texts=texts)(pictures)
    assert all(np.array_equal(one, result) for one, result in zip(pictures, results, strict=True))
    assert enhancer.asked[:3] == [(4, 256, 256), (2, 256, 256), (1, 256, 256)]
    assert {count for count, _, _ in enhancer.asked[3:]} == {1}
    assert all(max(sides) <= 128 for _, *sides in enhancer.asked[3:])
    assert texts == [
        "not enough memory on cpu; 2 images at a time instead",
        "not enough memory on cpu; tiles of 128 x 128 pixels instead",
    ]


def test_what_was_found_to_fit_is_kept_for_the_rest_of_the_run():
    enhancer = Cramped(most=2 * 64 * 64)
    forward = _forward(enhancer)
    forward(_pictures(4, 64, 64))
    enhancer.asked.clear()
    forward(_pictures(4, 64, 64))
    assert enhancer.asked == [(2, 64, 64), (2, 64, 64)]


def test_a_tile_is_never_below_the_smallest():
    enhancer = Cramped(most=100 * 100)
    (result,) = _forward(enhancer)(_pictures(1, 900, 900))
    assert isinstance(result, ImageError)
    assert result.code == "oom"
    assert 64 < min(side for _, *sides in enhancer.asked for side in sides) <= 128


def test_memory_is_freed_for_a_last_try(monkeypatch):
    enhancer = Cramped(most=100)
    monkeypatch.setattr(
        "lowlight_cli.pipeline.model_runner.free_everything", lambda device: setattr(enhancer, "most", 10**9)
    )
    (picture,) = _pictures(1, 300, 300)
    (result,) = _forward(enhancer)([picture])
    assert np.array_equal(result, picture)


def test_another_device_takes_over_where_the_choice_was_open():
    texts, made = [], []

    def fallback():
        made.append(_forward(Identity()))
        return made[-1]

    forward = _forward(Cramped(most=100), fallback=fallback, texts=texts)
    pictures = _pictures(2, 300, 300)
    for _ in range(2):
        results = forward(pictures)
        assert all(np.array_equal(one, result) for one, result in zip(pictures, results, strict=True))
    assert len(made) == 1
    assert [text for text in texts if "slower" in text] == [
        "not enough memory on cpu; on cpu instead: slower"
    ]
    assert len(texts) == 3


def test_a_picture_that_fits_nowhere_does_not_shrink_the_next_ones():
    enhancer = Cramped(most=100)
    forward = _forward(enhancer)
    assert isinstance(forward(_pictures(1, 300, 300))[0], ImageError)
    enhancer.most = 10**9
    enhancer.asked.clear()
    forward(_pictures(1, 300, 300))
    assert enhancer.asked == [(1, 300, 300)]


@pytest.mark.parametrize(
    "failure",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 12 bytes"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 12 bytes."),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        torch.AcceleratorError("CUDA error: out of memory\nCompile with `TORCH_USE_CUDA_DSA` ..."),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("GET was unable to find an engine to execute this computation"),
        RuntimeError("Unable to find a valid cuDNN algorithm to run convolution"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.02 GB)"),
    ],
    ids=lambda failure: f"{type(failure).__name__} {failure}"[:40],
)
def test_every_kind_of_shortage_is_known(failure):
    picture = _pictures(1, 200, 200)[0]
    (result,) = _forward(Cramped(150 * 150, failure))([picture])
    assert np.array_equal(result, picture)
