"""Reads the weights that the authors of VQCNIR publish; each key is used once, or dropped by a rule."""

from collections.abc import Mapping
from pathlib import Path

from lowlight_cli.checkpoints.official import Translated, matching, read_table, require_same_keys, unwrap
from lowlight_cli.checkpoints.official_vqcnir_names import prior_names, restorer_names

DROPPED = {"guidance of the HQ phase": r"(conv_semantic|vgg_feat_extractor)\..*"}
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

    Two kinds of file are known: the whole network, and the network of the HQ phase alone, which is also how
    the prior of FeMaSR is laid out.

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
