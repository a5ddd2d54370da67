"""What all readers of published weights share; nothing in such a file is executed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from lowlight_cli.errors import WeightsError


@dataclass(frozen=True, slots=True)
class Translated:
    """Official weights under the names of this package.

    Attributes:
        model: Architecture whose weights they are.
        state: Name to tensor, ready for a strict load.
        dropped: Official keys that were left out, each by a rule, in the order of the file.
    """

    model: str
    state: dict[str, Tensor]
    dropped: tuple[str, ...]


def read_table(path: Path) -> dict[str, Tensor]:
    """Reads a published file.

    Args:
        path: File written by ``torch.save``.

    Raises:
        WeightsError: The file cannot be read, or holds no table of weights.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as reason:
        # On damaged bytes the reader lets out nearly every kind of error there is.
        summary = (str(reason) or type(reason).__name__).splitlines()[0]
        raise WeightsError(f"cannot read weights from {path}: {summary}") from reason
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path} holds no table of weights")
    return unwrap(content)


def unwrap(official: Mapping[str, object]) -> dict[str, Tensor]:
    """The table itself, where it lies inside ``{"params": ...}`` or has ``module.`` before each key.

    Raises:
        WeightsError: It is not one of tensors.
    """
    inner = official.get("params", official)
    if not isinstance(inner, Mapping):
        raise WeightsError("the entry 'params' of the file holds no table of weights")
    strangers = [str(key) for key, value in inner.items() if not isinstance(value, Tensor)]
    if strangers:
        raise WeightsError(f"not tensors: {', '.join(strangers)}")
    return {str(key).removeprefix("module."): value for key, value in inner.items()}


def matching(keys: Iterable[str], rules: Iterable[str]) -> tuple[str, ...]:
    """Keys that one of the rules, a regular expression for all of the key, is about."""
    rules = tuple(rules)
    return tuple(key for key in keys if any(re.fullmatch(rule, key) for rule in rules))


def require_same_keys(
    given: Mapping[str, Tensor], known: Mapping[str, str], optional: frozenset[str] = frozenset()
) -> None:
    """Makes sure that no key is missing and none is strange.

    Raises:
        WeightsError: Some are; the message lists them.
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
