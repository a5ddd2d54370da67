"""Codes in place of feature vectors: the nearest one, or a mixture of near ones after training."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.layers import codebook as codebook_module
from lowlight_cli.layers.codebook import Codebook


def _book(softness, size=24, channels=5, *, shifted=False):
    torch.manual_seed(0)
    book = Codebook(size, channels, shifted=shifted, softness=softness).eval()
    if shifted:
        torch.nn.init.normal_(book.shift)
    return book


def _features(channels=5, side=6):
    return torch.randn(2, channels, side, side + 1, generator=torch.Generator().manual_seed(1))


def _by_formula(book, features):
    """The mixture of each vector in double precision, by the definition."""
    codes = book.codes.detach().double()
    variance = (codes - codes.mean(0)).square().sum(1).mean()
    tokens = features.movedim(1, -1).double()
    squares = (tokens[..., None, :] - codes).square().sum(-1)
    return ((-squares / (book.softness * variance)).softmax(-1) @ codes).movedim(-1, 1)


@given(softness=st.floats(0.01, 2), shifted=st.booleans())
def test_codes_are_mixed_by_their_distance(softness, shifted):
    book, features = _book(softness, shifted=shifted), _features()
    mixed = book.match(features)
    assert torch.allclose(mixed.features.double(), _by_formula(book, features), atol=1e-5)
    assert torch.equal(mixed.indices, book.nearest(features))


def test_no_softness_and_very_little_give_the_nearest_code():
    features = _features()
    hard = _book(0.0).match(features)
    assert torch.equal(hard.features, _book(0.0).lookup(hard.indices))
    assert torch.allclose(_book(1e-6).match(features).features, hard.features, atol=1e-5)


def test_a_mixture_goes_smoothly_from_code_to_code():
    book = _book(0.05)
    first, second = book.codes[0], book.codes[1]
    way = torch.linspace(0, 1, 2001)[:, None]
    features = (first + way * (second - first)).T[None, :, None].detach()
    whole = (second - first).norm()

    def largest_step(codebook):
        return codebook.match(features).features.diff(dim=3).norm(dim=1).max() / whole

    assert largest_step(book) < 0.01
    assert largest_step(_book(0.0)) > 0.3


def test_training_takes_the_nearest_code_and_its_gradient_passes():
    book, features = _book(0.5).train(), _features().requires_grad_()
    quantized = book(features)
    assert torch.allclose(quantized.features, book.lookup(quantized.indices), atol=1e-6)
    quantized.features.sum().backward()
    assert torch.equal(features.grad, torch.ones_like(features))


@pytest.mark.parametrize("softness", [0.0, 0.1])
def test_vectors_are_matched_in_parts_with_the_same_result(monkeypatch, softness):
    book, features = _book(softness), _features()
    whole = book.match(features)
    monkeypatch.setattr(codebook_module, "TOKENS_PER_CHUNK", 7)
    parts = book.match(features)
    assert torch.allclose(parts.features, whole.features, atol=1e-6)
    assert torch.equal(parts.indices, whole.indices)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_short_formats_are_matched_in_full_precision(dtype):
    book, features = _book(0.1), _features().to(dtype)
    found = book.match(features).features
    assert found.dtype == dtype
    assert torch.allclose(found.float(), book.match(features.float()).features, atol=0.02)
