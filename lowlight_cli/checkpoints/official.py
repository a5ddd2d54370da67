"""Reads published weights files without executing anything in them; shared by all importers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from lowlight_cli.errors import WeightsError


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
        summary = (str(reason) or type(reason).__name__).splitlines()[0]
        raise WeightsError(f"cannot read weights from {path}: {summary}") from reason
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path} is not a table of weights")
    return unwrap(content)


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
        raise WeightsError(f"not tensors: {', '.join(strangers)}")
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
        WeightsError: Keys are missing or unknown; the message lists them.
    """
    unknown = sorted(given.keys() - known.keys())
    missing = sorted(known.keys() - given.keys() - optional)
    complaints = [
        f"{len(keys)} {word}: {', '.join(keys)}"
        for word, keys in (("unknown", unknown), ("missing", missing))
        if keys
    ]
    if complaints:
        raise WeightsError(f"not the published network; keys {'; '.join(complaints)}")
