"""Reads the published weights of CodeEnhance; each key is used once, or dropped by a rule."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch

from lowlight_cli.checkpoints.official import Translated, matching, read_table, require_same_keys, unwrap

DROPPED = {
    "tables that are computed again": r"context_module\..*\.(attn\.relative_position_index|attn_mask)",
    "class head that the network does not use": r"seg_feat_extractor\.segnet\.classifier\..*",
    "guidance of stage I training": r"(conv_semantic|vgg_feat_extractor)\..*",
    "parts of other networks of the same code": r"residual_conv\..*|quantize_group\.0\.weight",
}
"""Reason for dropping keys, and a regular expression for them."""


def read_official(path: Path) -> Translated:
    """Reads and translates a published file.

    Args:
        path: File written by ``torch.save``; nothing in it is executed.

    Raises:
        WeightsError: The file cannot be read, or is not of the published network.
    """
    return translate(read_table(path))


def translate(official: Mapping[str, object]) -> Translated:
    """Renames published weights.

    Three kinds of files are known: the network of stage II (854 keys), its variant without a codebook shift
    (the shift is then zero), and the prior of stage I.

    Args:
        official: State of the published network, also inside ``{"params": ...}`` or with ``module.`` before
            each key.

    Raises:
        WeightsError: Keys are unknown or missing; the message lists them.
    """
    given = unwrap(official)
    dropped = matching(given, DROPPED.values())
    kept = {key: tensor for key, tensor in given.items() if key not in dropped}
    is_enhancer = any(key.startswith("context_module.") for key in given)
    names = enhancer_names() if is_enhancer else prior_names()
    require_same_keys(kept, names, optional=frozenset(SHIFT))
    state = {ours: kept[theirs] for theirs, ours in names.items() if theirs in kept}
    if is_enhancer and "codebook.shift" not in state:
        state["codebook.shift"] = torch.zeros_like(state["codebook.weight"])
    return Translated("codeenhance" if is_enhancer else "vqgan", state, dropped)


AFFINE = ("weight", "bias")
BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")

CONVOLUTIONS = {
    "multiscale_encoder.in_conv": "encoder.stem",
    "multiscale_encoder.blocks.0.0": "encoder.stages.0.down",
    "multiscale_encoder.blocks.1.0": "encoder.stages.1.down",
    "before_quant_group.0": "pre_quant",
    "after_quant_group.0.conv": "post_quant",
    "decoder_group.0.block.1": "decoder.stages.0.conv",
    "decoder_group.1.block.1": "decoder.stages.1.conv",
    "out_conv": "decoder.to_rgb",
}
RESIDUAL_BLOCKS = {
    "multiscale_encoder.blocks.0.1": "encoder.stages.0.res.0",
    "multiscale_encoder.blocks.0.2": "encoder.stages.0.res.1",
    "multiscale_encoder.blocks.1.1": "encoder.stages.1.res.0",
    "multiscale_encoder.blocks.1.2": "encoder.stages.1.res.1",
    "decoder_group.0.block.2": "decoder.stages.0.res.0",
    "decoder_group.0.block.3": "decoder.stages.0.res.1",
    "decoder_group.1.block.2": "decoder.stages.1.res.0",
    "decoder_group.1.block.3": "decoder.stages.1.res.1",
}
RESIDUAL_LAYERS = {"conv.0.norm": "norm1", "conv.2": "conv1", "conv.3.norm": "norm2", "conv.5": "conv2"}
TRANSFORMS = {"fuse_convs_dict.64": "ift.0", "fuse_convs_dict.128": "ift.1"}
TRANSFORM_BLOCKS = {"encode_enc": "fuse_texture", "encode_enc2": "fuse_style"}
TRANSFORM_HEADS = {"scale.0": "scale.0", "scale.2": "scale.1", "shift.0": "shift.0", "shift.2": "shift.1"}
SWIN_LAYERS = ("norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2")
CODEBOOK = {"quantize_group.0.embedding.weight": "codebook.weight"}
SHIFT = {"quantize_group.0.shift_codebook": "codebook.shift"}


def prior_names() -> dict[str, str]:
    """Published key to ours, for the prior of stage I."""
    return dict(_prior_names())


def enhancer_names() -> dict[str, str]:
    """Published key to ours, for the network of stage II."""
    return dict(
        (*_prior_names(), *SHIFT.items(), *_embedding_names(), *_transform_names(), *_semantic_names()),
    )


def _prior_names() -> Iterator[tuple[str, str]]:
    yield from CODEBOOK.items()
    for theirs, ours in CONVOLUTIONS.items():
        yield from _layer(theirs, ours)
    for theirs, ours in RESIDUAL_BLOCKS.items():
        yield from _residual_block(theirs, ours)


def _embedding_names() -> Iterator[tuple[str, str]]:
    yield from _layer("resize_semantic_feat_conv", "sem.proj")
    yield from _layer("fuse_semantic_encode.0", "sem.fuse")
    for stage in range(4):
        theirs, ours = f"context_module.swin_blks.{stage}", f"sem.trunk.{stage}"
        yield from _layer(f"{theirs}.conv", f"{ours}.conv")
        for block in range(6):
            inner, own = f"{theirs}.residual_group.blocks.{block}", f"{ours}.blocks.{block}"
            yield f"{inner}.attn.relative_position_bias_table", f"{own}.attn.bias_table"
            for layer in SWIN_LAYERS:
                yield from _layer(f"{inner}.{layer}", f"{own}.{layer}")


def _transform_names() -> Iterator[tuple[str, str]]:
    for theirs, ours in TRANSFORMS.items():
        for their_block, our_block in TRANSFORM_BLOCKS.items():
            yield from _residual_block(f"{theirs}.{their_block}", f"{ours}.{our_block}")
            yield from _layer(f"{theirs}.{their_block}.conv_out", f"{ours}.{our_block}.skip")
        for their_head, our_head in TRANSFORM_HEADS.items():
            yield from _layer(f"{theirs}.{their_head}", f"{ours}.{our_head}")


def _semantic_names() -> Iterator[tuple[str, str]]:
    for index in range(18):
        level = "low_level_features" if index < 4 else "high_level_features"
        theirs, ours = f"seg_feat_extractor.segnet.backbone.{level}.{index}", f"semantic.features.{index}"
        for convolution, norm in _semantic_layers(index):
            yield from _layer(f"{theirs}.{convolution}", f"{ours}.{convolution}", ("weight",))
            yield from _layer(f"{theirs}.{norm}", f"{ours}.{norm}", BATCH_NORM)


def _semantic_layers(index: int) -> tuple[tuple[str, str], ...]:
    """Each convolution of a MobileNetV2 block and the norm after it; the second block has no expansion."""
    if index == 0:
        return (("0", "1"),)
    if index == 1:
        return (("conv.0.0", "conv.0.1"), ("conv.1", "conv.2"))
    return (("conv.0.0", "conv.0.1"), ("conv.1.0", "conv.1.1"), ("conv.2", "conv.3"))


def _residual_block(theirs: str, ours: str) -> Iterator[tuple[str, str]]:
    for their_layer, our_layer in RESIDUAL_LAYERS.items():
        yield from _layer(f"{theirs}.{their_layer}", f"{ours}.{our_layer}")


def _layer(theirs: str, ours: str, parts: tuple[str, ...] = AFFINE) -> Iterator[tuple[str, str]]:
    return ((f"{theirs}.{part}", f"{ours}.{part}") for part in parts)
