"""Reads published weights files without executing anything in them; shared by all importers."""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from lowlight_cli.counted import counted
from lowlight_cli.errors import WeightsError

_LOG = logging.getLogger(__name__)

_NAMED = 3
"""Keys that a message names; there may be hundreds."""

_TRAINING_STATE = frozenset(("rng_state", "chance"))
"""Keys in a checkpoint of a training run of this program, one of today and one of version 0.1."""


@dataclass(frozen=True, slots=True)
class Translated:
    """Published weights under the names of this package.

    Attributes:
        model: Architecture of the weights.
        state: Tensors by name, for a strict load.
        dropped: Published keys that were dropped by a rule, in the order of the file.
    """

    model: str
    state: dict[str, Tensor]
    dropped: tuple[str, ...]


def read_table(path: Path) -> dict[str, Tensor]:
    """Reads a published file.

    Args:
        path: File written by ``torch.save``.

    Raises:
        WeightsError: The file cannot be read, or is not a table of weights.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as reason:
        # On damaged bytes torch.load raises errors of nearly every type.
        raise WeightsError(f"cannot read weights from {path}: {_summary(reason)}") from reason
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path} is not a table of weights")
    if "step" in content and not content.keys().isdisjoint(_TRAINING_STATE):
        weights = path.with_suffix(".safetensors")
        raise WeightsError(f"{path} is a checkpoint of lle to resume from: use {weights} with --checkpoint")
    return unwrap(content)


def _summary(reason: Exception) -> str:
    """What is wrong with a file.

    Of torch's own words only those about the disk and the archive help: others advise to run what the file
    contains, or are about the first bytes, as if these were instructions.
    """
    if isinstance(reason, OSError | RuntimeError):
        return (str(reason) or type(reason).__name__).splitlines()[0]
    return "it is damaged, no file of torch.save, or holds more than weights"


def unwrap(official: Mapping[str, object]) -> dict[str, Tensor]:
    """The table of tensors, taken out of ``{"params": ...}`` and without ``module.`` before its keys.

    Raises:
        WeightsError: The table has values other than tensors.
    """
    inner = official.get("params", official)
    if not isinstance(inner, Mapping):
        raise WeightsError("the entry 'params' of the file is not a table of weights")
    strangers = [str(key) for key, value in inner.items() if not isinstance(value, Tensor)]
    if strangers:
        raise WeightsError(f"not a table of weights: {_first(strangers)} have no tensor")
    return {str(key).removeprefix("module."): value for key, value in inner.items()}


def matching(keys: Iterable[str], rules: Iterable[str]) -> tuple[str, ...]:
    """Keys that fully match one of the rules, which are regular expressions."""
    rules = tuple(rules)
    return tuple(key for key in keys if any(re.fullmatch(rule, key) for rule in rules))


def require_same_keys(
    given: Mapping[str, Tensor], known: Mapping[str, str], optional: frozenset[str] = frozenset()
) -> None:
    """Checks that no key is missing or unknown.

    Raises:
        WeightsError: Keys are missing or unknown; the message names the first ones, the log all.
    """
    differences = {
        "unknown": sorted(given.keys() - known.keys()),
        "missing": sorted(known.keys() - given.keys() - optional),
    }
    complaints = []
    for word, keys in differences.items():
        if keys:
            _LOG.info("%s keys: %s", word, ", ".join(keys))
            complaints.append(f"{counted(len(keys), f'{word} key')}: {_first(keys)}")
    if complaints:
        more = "; -v lists all" if any(len(keys) > _NAMED for keys in differences.values()) else ""
        raise WeightsError(f"not the published network: {'; '.join(complaints)}{more}")


def _first(keys: Sequence[str]) -> str:
    """The first keys, and how many more there are."""
    more = f" and {len(keys) - _NAMED:,} more" if len(keys) > _NAMED else ""
    return f"{', '.join(keys[:_NAMED])}{more}"
