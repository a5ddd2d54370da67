"""Reads the weights that the authors of CodeEnhance publish; each key is used once, or dropped by a rule."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from lowlight_cli.checkpoints.official_codeenhance_names import SHIFT, enhancer_names, prior_names
from lowlight_cli.errors import WeightsError

DROPPED = {
    "tables that are computed anew": r"context_module\..*\.(attn\.relative_position_index|attn_mask)",
    "class head that the network does not use": r"seg_feat_extractor\.segnet\.classifier\..*",
    "guidance of stage I training": r"(conv_semantic|vgg_feat_extractor)\..*",
    "parts of other networks of the same code": r"residual_conv\..*|quantize_group\.0\.weight",
}
"""Why keys are left out, and which."""


@dataclass(frozen=True, slots=True)
class Translated:
    """Official weights under the names of this package.

    Attributes:
        model: Whose weights they are: the network of stage II, or the prior of stage I.
        state: Name to tensor, ready for a strict load.
        dropped: Official keys that were left out, each by a rule of ``DROPPED``, in the order of the file.
    """

    model: Literal["codeenhance", "vqgan"]
    state: dict[str, Tensor]
    dropped: tuple[str, ...]


def read_official(path: Path) -> Translated:
    """Reads and translates a published file.

    Args:
        path: File written by ``torch.save``; nothing in it is executed.

    Raises:
        WeightsError: The file cannot be read, or is not one of the published network.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as reason:
        # On damaged bytes the reader lets out nearly every kind of error there is.
        summary = (str(reason) or type(reason).__name__).splitlines()[0]
        raise WeightsError(f"cannot read weights from {path}: {summary}") from reason
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path} holds no table of weights")
    return translate(content)


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
    given = _unwrap(official)
    dropped = tuple(key for key in given if any(re.fullmatch(rule, key) for rule in DROPPED.values()))
    kept = {key: tensor for key, tensor in given.items() if key not in dropped}
    is_enhancer = any(key.startswith("context_module.") for key in given)
    names = enhancer_names() if is_enhancer else prior_names()
    _require_same_keys(kept, names, optional=frozenset(SHIFT))
    state = {ours: kept[theirs] for theirs, ours in names.items() if theirs in kept}
    if is_enhancer and "codebook.shift" not in state:
        state["codebook.shift"] = torch.zeros_like(state["codebook.weight"])
    return Translated("codeenhance" if is_enhancer else "vqgan", state, dropped)


def _unwrap(official: Mapping[str, object]) -> dict[str, Tensor]:
    inner = official.get("params", official)
    if not isinstance(inner, Mapping):
        raise WeightsError("the entry 'params' of the file holds no table of weights")
    strangers = [str(key) for key, value in inner.items() if not isinstance(value, Tensor)]
    if strangers:
        raise WeightsError(f"not tensors: {', '.join(strangers)}")
    return {str(key).removeprefix("module."): value for key, value in inner.items()}


def _require_same_keys(
    given: Mapping[str, Tensor], known: Mapping[str, str], optional: frozenset[str]
) -> None:
    unknown = sorted(given.keys() - known.keys())
    missing = sorted(known.keys() - given.keys() - optional)
    complaints = [
        f"{len(keys)} {word}: {', '.join(keys)}"
        for word, keys in (("unknown", unknown), ("missing", missing))
        if keys
    ]
    if complaints:
        raise WeightsError(f"not the published network; keys {'; '.join(complaints)}")
