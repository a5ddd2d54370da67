"""Reads the weights that the authors of CodeEnhance publish; each key is used once, or dropped by a rule."""

from collections.abc import Mapping
from pathlib import Path

import torch

from lowlight_cli.checkpoints.official import Translated, matching, read_table, require_same_keys, unwrap
from lowlight_cli.checkpoints.official_codeenhance_names import SHIFT, enhancer_names, prior_names

DROPPED = {
    "tables that are computed anew": r"context_module\..*\.(attn\.relative_position_index|attn_mask)",
    "class head that the network does not use": r"seg_feat_extractor\.segnet\.classifier\..*",
    "guidance of stage I training": r"(conv_semantic|vgg_feat_extractor)\..*",
    "parts of other networks of the same code": r"residual_conv\..*|quantize_group\.0\.weight",
}
"""Why keys are left out, and which."""


def read_official(path: Path) -> Translated:
    """Reads and translates a published file.

    Args:
        path: File written by ``torch.save``; nothing in it is executed.

    Raises:
        WeightsError: The file cannot be read, or is not one of the published network.
    """
    return translate(read_table(path))


def translate(official: Mapping[str, object]) -> Translated:
    """Renames official weights.

    Three kinds of file are known: the network of stage II (854 keys), its variant without a codebook shift
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
