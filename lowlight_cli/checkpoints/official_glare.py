"""Reads the two files that the authors of GLARE publish; each key is used once, or dropped by a rule."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from lowlight_cli.checkpoints.official import Translated, matching, read_table, require_same_keys
from lowlight_cli.checkpoints.official_glare_names import enhancer_names, prior_names, stage_one_names
from lowlight_cli.errors import WeightsError

DROPPED = {
    "what only the training of stage I needs": r"(conv_semantic|vgg_feat_extractor)\..*",
    "a convolution of the flow that nothing calls": r"flowUpsamplerNet\.f\..*",
    "parts of the fusing decoder that nothing calls": r"deformable_decoder\.(conv_out|scale|bias|enc)\..*",
}
"""Why keys are left out, and which."""


def read_official(paths: Sequence[Path]) -> Translated:
    """Reads and translates the published files, in any order.

    Args:
        paths: ``vqgan.pkl`` and ``net_G.pth``; nothing in them is executed.

    Raises:
        WeightsError: They cannot be read, or are not those of the published network.
    """
    tables = [read_table(path) for path in paths]
    priors = [table for table in tables if "quantize.embedding.weight" in table]
    rest = [table for table in tables if "quantize.embedding.weight" not in table]
    if len(priors) != 1 or len(rest) != 1:
        raise WeightsError("GLARE is published as two files; give both vqgan.pkl and net_G.pth")
    return translate(priors[0], rest[0])


def translate(prior: Mapping[str, Tensor], enhancer: Mapping[str, Tensor]) -> Translated:
    """Renames official weights; the encoder of stage I, which enhancement does not need, is left out.

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
