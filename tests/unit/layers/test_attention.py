"""Attention between positions."""

import torch

from lowlight_cli.models.vqgan import blocks as attention
from lowlight_cli.models.vqgan.blocks import PositionAttention


def test_attention_is_its_formula():
    layer = PositionAttention(8, groups=2)
    features = torch.randn(2, 8, 3, 5)
    normed = torch.nn.functional.group_norm(features, 2, layer.norm.weight, layer.norm.bias, eps=1e-6)

    def tokens(part):
        return torch.einsum("oc,bchw->bohw", part.weight[:, :, 0, 0], normed).flatten(2) + part.bias[:, None]

    queries, keys, values = (tokens(part) for part in (layer.query, layer.key, layer.value))
    shares = torch.softmax(queries.mT @ keys / 8**0.5, dim=-1)  # (b, h*w, h*w)
    mixed = (values @ shares.mT).reshape(features.shape)
    torch.testing.assert_close(layer(features), features + layer.out(mixed), rtol=1e-4, atol=1e-5)


def test_chunks_of_queries_change_nothing(monkeypatch):
    layer = PositionAttention(8, groups=0)
    features = torch.randn(1, 8, 7, 9)
    whole = layer(features)
    monkeypatch.setattr(attention, "QUERIES_PER_CHUNK", 10)
    torch.testing.assert_close(layer(features), whole, rtol=1e-5, atol=1e-6)
