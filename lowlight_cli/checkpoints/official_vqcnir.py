"""Reads the published weights of VQCNIR; each key is used once, or dropped by a rule."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from lowlight_cli.checkpoints.official import Translated, matching, read_table, require_same_keys, unwrap

DROPPED = {"guidance of the HQ phase": r"(conv_semantic|vgg_feat_extractor)\..*"}
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

    Two kinds of files are known: the whole network, and the network of the HQ phase alone, whose layout is
    also that of the FeMaSR prior.

    Args:
        official: State of the network, also inside ``{"params": ...}`` or with ``module.`` before each key.

    Raises:
        WeightsError: Keys are unknown or missing; the message lists them.
    """
    given = unwrap(official)
    dropped = matching(given, DROPPED.values())
    kept = {key: tensor for key, tensor in given.items() if key not in dropped}
    is_whole = any(key.startswith("main_decode.") for key in given)
    names = restorer_names() if is_whole else prior_names()
    require_same_keys(kept, names)
    state = {ours: kept[theirs] for theirs, ours in names.items()}
    return Translated("vqcnir" if is_whole else "vqgan", state, dropped)


STAGES = 3
BLOCKS = 12
SPLITS = 4
LEVELS = ("8", "4", "2", "1")
RESIDUAL = {"conv.0.norm": "norm1", "conv.2": "conv1", "conv.3.norm": "norm2", "conv.5": "conv2"}
EXTRACTION = {
    "norm1": "norm",
    "conv1": "expand",
    "conv2": "dw",
    "conv3": "proj",
    "sca1.conv0": "lka.0",
    "sca1.conv_spatial": "lka.1",
    "sca1.conv1": "lka.2",
    "sca2.1": "ca",
}
BRIGHTENING = {"norm2": "norm", "conv4": "expand", "conv5": "proj"}
EXCHANGE = {
    "norm_d": "norm_d",
    "norm_g": "norm_g",
    "d_proj1": "q_d",
    "g_proj1": "q_g",
    "d_proj2": "v_d",
    "g_proj2": "v_g",
}
EXCHANGE_SCALES = {"scale": "logit_scale", "beta": "scale_d", "gamma": "scale_g"}
WARP = {
    **{f"offset_conv1.{index}": f"compare.{index}" for index in (0, 1, 3, 4, 6)},
    **{f"offset_conv2.{index}": f"mix.{index}" for index in (0, 1)},
    "dcn": "dcn",
    "dcn.conv_offset": "dcn.predict",
}
FUSION = {"norm1": "norm1", "conv1": "conv1", "norm2": "norm2", "conv2": "conv2", "residual_func": "skip"}


def prior_names() -> dict[str, str]:
    """Published key to ours, for the network of the HQ phase: 117 keys."""
    return dict(_prior())


def restorer_names() -> dict[str, str]:
    """Published key to ours, for the whole network: 957 keys."""
    return dict((*_prior(), *_illumination(), *_decoder()))


def _prior() -> Iterator[tuple[str, str]]:
    yield from _layer("multiscale_encoder.in_conv", "encoder.stem")
    for stage in range(STAGES):
        theirs, ours = f"multiscale_encoder.blocks.{stage}", f"encoder.stages.{stage}"
        yield from _layer(f"{theirs}.0", f"{ours}.down")
        yield from _residuals(theirs, ours, first=1)
        theirs, ours = f"decoder_group.{stage}.block", f"decoder.stages.{stage}"
        yield from _layer(f"{theirs}.1", f"{ours}.conv")
        yield from _residuals(theirs, ours, first=2)
    yield from _layer("before_quant_group.0", "pre_quant")
    yield "quantize_group.0.embedding.weight", "codebook.weight"
    yield from _layer("after_quant_group.0.conv", "post_quant")
    yield from _layer("out_conv", "decoder.to_rgb")


def _residuals(theirs: str, ours: str, *, first: int) -> Iterator[tuple[str, str]]:
    for block in range(2):
        yield from _layers(f"{theirs}.{first + block}", f"{ours}.res.{block}", RESIDUAL)


def _illumination() -> Iterator[tuple[str, str]]:
    for block in range(BLOCKS):
        theirs, ours = f"multiscale_encoder.blocks.{STAGES}.blks.{block}", f"aiem.{block}"
        yield from _layers(theirs, f"{ours}.hie", EXTRACTION)
        yield from _layers(theirs, f"{ours}.imae", BRIGHTENING)
        yield f"{theirs}.beta", f"{ours}.hie_scale"
        yield f"{theirs}.gamma", f"{ours}.imae_scale"
        for split in range(SPLITS):
            mutual = f"{ours}.imae.mutual"
            for index in (0, 2, 4):
                yield from _layer(f"{theirs}.IMAC.predictA{split}.{index}", f"{mutual}.curve.{split}.{index}")
            yield from _layer(f"{theirs}.IMAC.conv{split}", f"{mutual}.mix.{split}")


def _decoder() -> Iterator[tuple[str, str]]:
    for index, level in enumerate(LEVELS):
        ours = f"faithful.levels.{index}"
        attention = f"main_decode.attn.Level_{level}"
        yield from _layers(attention, f"{ours}.attn", EXCHANGE)
        for their_scale, our_scale in EXCHANGE_SCALES.items():
            yield f"{attention}.{their_scale}", f"{ours}.attn.{our_scale}"
        yield from _layers(f"main_decode.align_func_dict.Level_{level}", f"{ours}.warp", WARP)
        if index:
            yield from _layer(f"main_decode.pre_upsample_dict.Level_{level}.1", f"{ours}.up")
            yield from _layers(f"main_decode.decoder_dict.Level_{level}", f"{ours}.fuse", FUSION)


def _layers(theirs: str, ours: str, parts: dict[str, str]) -> Iterator[tuple[str, str]]:
    for their_part, our_part in parts.items():
        yield from _layer(f"{theirs}.{their_part}", f"{ours}.{our_part}")


def _layer(theirs: str, ours: str) -> Iterator[tuple[str, str]]:
    return ((f"{theirs}.{part}", f"{ours}.{part}") for part in ("weight", "bias"))
