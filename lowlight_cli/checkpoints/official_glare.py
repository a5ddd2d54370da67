"""Reads the two published weights files of GLARE; each key is used once, or dropped by a rule."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from lowlight_cli.checkpoints.official import Translated, matching, read_table, require_same_keys
from lowlight_cli.errors import WeightsError

DROPPED = {
    "parts for the training of stage I": r"(conv_semantic|vgg_feat_extractor)\..*",
    "a convolution of the flow that nothing calls": r"flowUpsamplerNet\.f\..*",
    "parts of the fusing decoder that nothing calls": r"deformable_decoder\.(conv_out|scale|bias|enc)\..*",
}
"""Reason for dropping keys, and a regular expression for them."""


def read_official(paths: Sequence[Path]) -> Translated:
    """Reads and translates the published files, in any order.

    Args:
        paths: ``vqgan.pkl`` and ``net_G.pth``; nothing in them is executed.

    Raises:
        WeightsError: A file cannot be read, or is not of the published network.
    """
    tables = [read_table(path) for path in paths]
    priors = [table for table in tables if "quantize.embedding.weight" in table]
    rest = [table for table in tables if "quantize.embedding.weight" not in table]
    if len(priors) != 1 or len(rest) != 1:
        raise WeightsError("GLARE is published as two files; pass both vqgan.pkl and net_G.pth")
    return translate(priors[0], rest[0])


def translate(prior: Mapping[str, Tensor], enhancer: Mapping[str, Tensor]) -> Translated:
    """Renames published weights; drops the encoder of stage I, which enhancement does not need.

    Args:
        prior: State of ``vqgan.pkl``.
        enhancer: State of ``net_G.pth``.

    Raises:
        WeightsError: Keys are unknown or missing; the message lists them.
    """
    unneeded = stage_one_names()
    state: dict[str, Tensor] = {}
    dropped: list[str] = []
    for given, names, known in (
        (prior, prior_names(), prior_names() | unneeded),
        (enhancer, enhancer_names(), enhancer_names()),
    ):
        by_rule = matching(given, DROPPED.values())
        kept = {key: tensor for key, tensor in given.items() if key not in by_rule}
        require_same_keys(kept, known, optional=frozenset(unneeded))
        state |= {ours: kept[theirs] for theirs, ours in names.items()}
        dropped += [key for key in given if key in by_rule or key in unneeded]
    return Translated("glare", state, tuple(dropped))


AFFINE = ("weight", "bias")
RESIDUAL = {"norm1": "norm1", "conv1": "conv1", "norm2": "norm2", "conv2": "conv2"}
SKIP = {"nin_shortcut": "skip"}
ATTENTION = {"norm": "norm", "q": "query", "k": "key", "v": "value", "proj_out": "out"}
FLOW_STEPS = 28
PLAIN_STEPS = (0, 1, 14, 15)
COUPLED_PARTS = {"fFeatures": "affine", "fAffine": "coupling"}


def prior_names() -> dict[str, str]:
    """Key of ``vqgan.pkl`` to ours, for what enhancement needs of it."""
    return dict(
        (
            ("quantize.embedding.weight", "codebook.weight"),
            *_layer("post_quant_conv", "post_quant"),
            *_decoder_names("decoder", "decoder"),
            *_layer("decoder.conv_out", "decoder.to_rgb.2"),
        )
    )


def stage_one_names() -> dict[str, str]:
    """Key of ``vqgan.pkl`` to ours, for the rest of the network of stage I."""
    return dict((*_encoder_names("encoder", "encoder"), *_layer("quant_conv", "pre_quant")))


def enhancer_names() -> dict[str, str]:
    """Key of ``net_G.pth`` to ours."""
    return dict(
        (
            *_encoder_names("RRDB.encoder", "encoder.trunk"),
            *_layer("RRDB.color_conv", "encoder.mean"),
            *_layer("RRDB.cond_conv.0", "encoder.condition"),
            *_flow_names(),
            *_decoder_names("deformable_decoder", "fusing.decoder"),
            *_layer("deformable_decoder.residual_conv", "fusing.decoder.to_rgb.2"),
            *_fusion_names(),
        )
    )


def _encoder_names(theirs: str, ours: str) -> Iterator[tuple[str, str]]:
    yield from _layer(f"{theirs}.conv_in", f"{ours}.stem")
    for block in range(2):
        yield from _parts(f"{theirs}.down.0.block.{block}", f"{ours}.full.{block}", RESIDUAL)
        changing = RESIDUAL if block else RESIDUAL | SKIP
        yield from _parts(f"{theirs}.down.1.block.{block}", f"{ours}.stages.0.res.{block}", changing)
        yield from _parts(f"{theirs}.down.2.block.{block}", f"{ours}.stages.1.res.{2 * block}", changing)
        attention = f"{ours}.stages.1.res.{2 * block + 1}"
        yield from _parts(f"{theirs}.down.2.attn.{block}", attention, ATTENTION)
        yield from _layer(f"{theirs}.down.{block}.downsample.conv", f"{ours}.stages.{block}.down.1")
    yield from _middle_names(f"{theirs}.mid", f"{ours}.end.0")
    yield from _layer(f"{theirs}.norm_out", f"{ours}.end.1.0")
    yield from _layer(f"{theirs}.conv_out", f"{ours}.end.1.2")


def _decoder_names(theirs: str, ours: str) -> Iterator[tuple[str, str]]:
    """All but the last convolution, whose name differs between the two decoders."""
    yield from _layer(f"{theirs}.conv_in", f"{ours}.begin.0")
    yield from _middle_names(f"{theirs}.mid", f"{ours}.begin.1")
    for block in range(3):
        yield from _parts(f"{theirs}.up.2.block.{block}", f"{ours}.begin.2.{2 * block}", RESIDUAL)
        yield from _parts(f"{theirs}.up.2.attn.{block}", f"{ours}.begin.2.{2 * block + 1}", ATTENTION)
        for stage, level in enumerate((1, 0)):
            changing = RESIDUAL if block else RESIDUAL | SKIP
            place = f"{ours}.stages.{stage}.res.{block}"
            yield from _parts(f"{theirs}.up.{level}.block.{block}", place, changing)
    for stage, level in enumerate((2, 1)):
        yield from _layer(f"{theirs}.up.{level}.upsample.conv", f"{ours}.stages.{stage}.conv")
    yield from _layer(f"{theirs}.norm_out", f"{ours}.to_rgb.0")


def _middle_names(theirs: str, ours: str) -> Iterator[tuple[str, str]]:
    yield from _parts(f"{theirs}.block_1", f"{ours}.0", RESIDUAL)
    yield from _parts(f"{theirs}.attn_1", f"{ours}.1", ATTENTION)
    yield from _parts(f"{theirs}.block_2", f"{ours}.2", RESIDUAL)


def _flow_names() -> Iterator[tuple[str, str]]:
    for index in range(FLOW_STEPS):
        theirs, ours = f"flowUpsamplerNet.layers.{index}", f"flow.steps.{index}"
        yield from _norm(f"{theirs}.actnorm", f"{ours}.norm")
        yield f"{theirs}.invconv.weight", f"{ours}.mixing.weight"
        if index not in PLAIN_STEPS:
            for their_part, our_part in COUPLED_PARTS.items():
                yield from _reader_names(f"{theirs}.affine.{their_part}", f"{ours}.{our_part}.read")


def _reader_names(theirs: str, ours: str) -> Iterator[tuple[str, str]]:
    yield f"{theirs}.0.weight", f"{ours}.first.weight"
    yield from _norm(f"{theirs}.0.actnorm", f"{ours}.norm1")
    yield f"{theirs}.2.weight", f"{ours}.middle.weight"
    yield from _norm(f"{theirs}.2.actnorm", f"{ours}.norm2")
    yield from _layer(f"{theirs}.4", f"{ours}.last")
    yield f"{theirs}.4.logs", f"{ours}.log_gain"


def _fusion_names() -> Iterator[tuple[str, str]]:
    for index in range(2):
        warp, ours = f"deformable_decoder.warp.{index}", f"fusing.fusions.{index}"
        yield f"deformable_decoder.mix.{index}.w", f"{ours}.gate"
        yield from _layer(f"{warp}.offset", f"{ours}.guide")
        yield from _layer(f"{warp}.dcn", f"{ours}.deform")
        yield from _layer(f"{warp}.dcn.conv_offset", f"{ours}.deform.predict")


def _norm(theirs: str, ours: str) -> Iterator[tuple[str, str]]:
    yield f"{theirs}.bias", f"{ours}.bias"
    yield f"{theirs}.logs", f"{ours}.log_scale"


def _parts(theirs: str, ours: str, parts: dict[str, str]) -> Iterator[tuple[str, str]]:
    for their_part, our_part in parts.items():
        yield from _layer(f"{theirs}.{their_part}", f"{ours}.{our_part}")


def _layer(theirs: str, ours: str, parts: Sequence[str] = AFFINE) -> Iterator[tuple[str, str]]:
    return ((f"{theirs}.{part}", f"{ours}.{part}") for part in parts)
