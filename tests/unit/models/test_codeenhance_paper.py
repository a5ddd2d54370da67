"""The published network: its counts, its shapes, and its equations written out."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, embedding, group_norm, leaky_relu

from lowlight_cli.images.padding import crop, pad_to_multiple
from lowlight_cli.layers.codebook import Codebook
from lowlight_cli.losses.code import code_losses
from lowlight_cli.models.codeenhance.config import PRESETS, CodeEnhanceConfig
from lowlight_cli.models.codeenhance.feature_transform import FeatureTransform
from lowlight_cli.models.codeenhance.model import CodeEnhance
from lowlight_cli.models.control_targets import ControlWeights, control_weights
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.cost import count_operations, count_parameters
from lowlight_cli.models.vqgan.config import PRESETS as VQGAN_PRESETS
from lowlight_cli.models.vqgan.config import VqganConfig
from lowlight_cli.models.vqgan.model import Vqgan

NARROW = VqganConfig(
    stem_channels=8,
    encoder_channels=(8, 16),
    encoder_blocks=(1, 1),
    code_count=24,
    code_channels=8,
    decoder_channels=(8, 8),
    decoder_blocks=(1, 1),
    groups=4,
)


@pytest.fixture(scope="module")
def published() -> CodeEnhance:
    """The published network without numbers."""
    with torch.device("meta"):
        return CodeEnhance(PRESETS["paper"])


@pytest.fixture(scope="module")
def narrow() -> CodeEnhance:
    """The published network with few channels, at random."""
    torch.manual_seed(0)
    model = CodeEnhance(CodeEnhanceConfig(vqgan=NARROW)).eval()
    for transform in model.ift:
        randomise_heads(transform)
    model.codebook.shift.data.normal_(std=0.1)
    return model


@pytest.fixture
def transform() -> FeatureTransform:
    made = FeatureTransform(8, groups=4).eval()
    randomise_heads(made)
    return made


def randomise_heads(transform: FeatureTransform) -> None:
    """Undoes the start at zero, which would hide the texture."""
    for head in (transform.scale, transform.shift):
        nn.init.normal_(head[1].weight, std=0.1)
        nn.init.normal_(head[1].bias, std=0.1)


def weights(contrast: float, brightness: float, texture: float) -> ControlWeights:
    return control_weights(
        Controls(contrast=contrast, brightness=brightness, texture=texture), torch.zeros(1)
    )


# Counts


def test_stage_one_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        prior = Vqgan(VQGAN_PRESETS["paper"])
    assert count_parameters(prior) == 6_271_811
    assert count_parameters(prior.encoder) == 3_325_888
    assert count_parameters(prior.decoder) == 1_108_416 + 1_731


def test_parts_have_the_published_numbers_of_parameters(published: CodeEnhance) -> None:
    assert {name: count_parameters(part) for name, part in published.parts().items()} == {
        "encoder": 3_325_888,
        "semantic": 1_811_712,
        "semantic_embedding": 737_536 + 1_179_904 + 21_357_760,
        "pre_quant": 131_584,
        "codebook": 2 * 524_288,
        "post_quant": 1_179_904,
        "decoder": 1_108_416 + 1_731,
        "feature_transform": 6_166_016 + 1_542_912,
    }
    assert count_parameters(published) == 39_591_939


def test_stage_two_trains_the_published_number_of_parameters(published: CodeEnhance) -> None:
    frozen = {id(parameter) for part in published.frozen_parts() for parameter in part.parameters()}
    frozen.add(id(published.codebook.weight))
    trained = [parameter for parameter in published.parameters() if id(parameter) not in frozen]
    assert sum(parameter.numel() for parameter in trained) == 34_965_888


# A multiplication and an addition count as two. Half of the published cost of the codebook is saved: codes
# are gathered, not multiplied by a table of zeros and ones.
@pytest.mark.parametrize(
    ("height", "width", "gigaflops"), [(256, 256, 419.8 - 8.59 / 2), (400, 600, 1619.9 - 33.2 / 2)]
)
def test_it_costs_what_was_published(height: int, width: int, gigaflops: float) -> None:
    with torch.device("meta"):
        model = CodeEnhance(PRESETS["paper"])
    operations = count_operations(model.to_empty(device="cpu"), height, width)
    assert operations / 1e9 == pytest.approx(gigaflops, rel=1e-3)


# Shapes


def test_scales_are_255_then_128_then_64(published: CodeEnhance) -> None:
    images = torch.empty(1, 3, 256, 256, device="meta")
    assert published.encoder.stem(images).shape == (1, 64, 255, 255)
    assert [features.shape for features in published.encoder(images)] == [
        (1, 128, 128, 128),
        (1, 256, 64, 64),
    ]
    assert published.semantic(images).shape == (1, 320, 16, 16)


@pytest.mark.parametrize("size", [(64, 64), (100, 130)])
def test_size_is_kept_behind_padding_to_32(narrow: CodeEnhance, size: tuple[int, int]) -> None:
    images = torch.rand(1, 3, *size)
    padded = pad_to_multiple(images, narrow.size_multiple)
    assert [side % 32 for side in padded.shape[2:]] == [0, 0]
    enhanced = crop(narrow.enhance(padded, Controls()), *size)
    assert enhanced.shape == images.shape
    assert enhanced.isfinite().all()
    assert enhanced.min() >= 0
    assert enhanced.max() <= 1


def test_pictures_of_a_batch_do_not_mix(narrow: CodeEnhance) -> None:
    images = torch.rand(2, 3, 64, 96)
    alone = torch.cat([narrow.enhance(image, Controls()) for image in images.split(1)])
    torch.testing.assert_close(narrow.enhance(images, Controls()), alone, rtol=1e-4, atol=1e-4)


# Order of the parts


@torch.no_grad()
def test_parts_follow_each_other_as_published(narrow: CodeEnhance) -> None:
    images, all_at_one = torch.rand(1, 3, 64, 64), weights(1, 1, 1)
    half, quarter = narrow.encoder(images)
    latent = narrow.pre_quant(narrow.sem(quarter, narrow.semantic(images)))
    codes = narrow.codebook.weight + narrow.codebook.shift
    rows = (latent.movedim(1, -1).unsqueeze(-2) - codes).square().sum(-1).argmin(-1)
    features = narrow.post_quant(embedding(rows, codes).movedim(-1, 1))
    features = narrow.decoder.stages[0](narrow.ift[0](quarter, features, quarter, all_at_one).features)
    features = narrow.decoder.stages[1](narrow.ift[1](half, features, half, all_at_one).features)
    made = narrow(images, all_at_one)
    assert torch.equal(made.indices, rows)
    torch.testing.assert_close(made.images, narrow.decoder.to_rgb(features), rtol=1e-4, atol=1e-5)


def test_without_reference_the_picture_is_its_own(narrow: CodeEnhance) -> None:
    images = torch.rand(1, 3, 64, 64)
    alone, with_itself = (narrow.enhance(images, Controls(), reference=look) for look in (None, images))
    torch.testing.assert_close(alone, with_itself)


@pytest.mark.parametrize("size", [(64, 64), (37, 150)])
def test_reference_of_any_size_has_an_effect(narrow: CodeEnhance, size: tuple[int, int]) -> None:
    images, all_at_one = torch.rand(1, 3, 64, 64), weights(1, 1, 1)
    with torch.no_grad():
        plain = narrow(images, all_at_one).images
        changed = narrow(images, all_at_one, reference=torch.rand(1, 3, *size)).images
    assert not torch.allclose(plain, changed)


# Feature transform


def written_out(
    transform: FeatureTransform, dark: Tensor, decoded: Tensor, reference: Tensor
) -> Iterator[Tensor]:
    """The added terms of texture, contrast and brightness."""
    fused = block_written_out(transform.fuse_texture, torch.cat([dark, decoded], 1))
    a, b = (
        conv2d(
            leaky_relu(conv2d(fused, first.weight, first.bias, padding=1), 0.2),
            last.weight,
            last.bias,
            padding=1,
        )
        for first, last in (transform.scale, transform.shift)
    )
    yield decoded * a + b
    style = block_written_out(transform.fuse_style, torch.cat([fused, reference], 1)).flatten(2)
    mean = style.mean(2, keepdim=True)
    deviation = ((style - mean).square().sum(2, keepdim=True) / (style.shape[2] - 1) + 1e-5).sqrt()
    yield decoded * deviation.unsqueeze(-1)
    yield mean.unsqueeze(-1).expand_as(decoded)


def block_written_out(block: nn.Module, features: Tensor) -> Tensor:
    inner = leaky_relu(group_norm(features, 4, block.norm1.weight, block.norm1.bias, 1e-6), 0.2)
    inner = conv2d(inner, block.conv1.weight, block.conv1.bias, padding=1)
    inner = leaky_relu(group_norm(inner, 4, block.norm2.weight, block.norm2.bias, 1e-6), 0.2)
    inner = conv2d(inner, block.conv2.weight, block.conv2.bias, padding=1)
    return conv2d(features, block.skip.weight, block.skip.bias) + inner


@pytest.mark.parametrize("strengths", [(1, 1, 1), (0.7, 0.7, 0.7), (0.3, 1.5, 0.8)])
@torch.no_grad()
def test_transform_is_the_sum_of_its_weighted_terms(
    transform: FeatureTransform, strengths: tuple[float, float, float]
) -> None:
    contrast, brightness, texture = strengths
    dark, decoded, reference = torch.randn(3, 2, 8, 6, 10)
    terms = list(written_out(transform, dark, decoded, reference))
    expected = decoded + texture * terms[0] + contrast * terms[1] + brightness * terms[2]
    made = transform(dark, decoded, reference, weights(*strengths))
    torch.testing.assert_close(made.features, expected, rtol=1e-4, atol=1e-5)


def test_transform_without_weights_is_the_identity(transform: FeatureTransform) -> None:
    dark, decoded, reference = torch.randn(3, 1, 8, 6, 6)
    assert torch.equal(transform(dark, decoded, reference, weights(0, 0, 0)).features, decoded)


# Codebook


@pytest.mark.parametrize("tokens", [1, 1023, 1024, 1025])
def test_codes_are_the_nearest_for_any_number_of_tokens(tokens: int) -> None:
    codebook = Codebook(1024, 16, shifted=True)
    codebook.shift.data.normal_()
    features = torch.randn(1, 16, 1, tokens)
    codes = codebook.weight + codebook.shift
    away = (features[0, :, 0].T.unsqueeze(1) - codes).square().sum(-1)  # (tokens, 1024)
    assert torch.equal(codebook.nearest(features).flatten(), away.argmin(1))


def test_shift_learns_from_the_codes_alone() -> None:
    codebook = Codebook(32, 8, shifted=True)
    codebook.weight.requires_grad_(False)
    latent = torch.randn(1, 8, 4, 4, requires_grad=True)
    codebook(latent).features.sum().backward()
    assert codebook.shift.grad is None
    torch.testing.assert_close(latent.grad, torch.ones_like(latent))

    wanted = torch.arange(16).view(1, 4, 4)
    target = torch.randn(1, 8, 4, 4)
    losses = code_losses(codebook.weight, codebook.shift, latent, wanted, target, 1.0)
    losses.shift.backward()
    assert codebook.shift.grad[:16].abs().min() > 0
    assert not codebook.shift.grad[16:].any()


# Gradient


def test_encoder_learns_through_the_codes_and_not_through_the_transforms(narrow: CodeEnhance) -> None:
    learning = []
    hooks = [
        transform.register_forward_pre_hook(lambda _, inputs: learning.append(inputs[0].requires_grad))
        for transform in narrow.ift
    ]
    narrow(torch.rand(1, 3, 64, 64), weights(1, 1, 1)).images.square().sum().backward()
    for hook in hooks:
        hook.remove()
    assert learning == [False, False]
    assert narrow.encoder.stem.weight.grad.abs().sum() > 0
    narrow.zero_grad()
