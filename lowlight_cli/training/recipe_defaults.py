"""Default settings of the recipes as text, for help and completion, which must not import torch.

The table beside this module is made from the settings classes by ``docs/generate.py recipes``; a test
compares the two. A file of its own, because the settings classes import torch.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_suffix(".tsv")
"""Recipe, setting by dotted name, and default as JSON in each line."""


def defaults_of(recipe: str) -> dict[str, str]:
    """Defaults of a recipe as JSON, by dotted name; empty if there is no such recipe."""
    return dict(_table().get(recipe, {}))


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        recipe, setting, default = line.split("\t")
        found.setdefault(recipe, {})[setting] = default
    return found


def default_words(setting: str, recipes: Mapping[str, str]) -> str:
    """The default of a setting in words, such as ``2e-4``; empty for none.

    Args:
        setting: Dotted name.
        recipes: Recipes of a command by the choice that runs each, such as ``stage 2``.

    Returns:
        One value if all recipes have the same, else each with its choices; ``that of the recipe`` if the
        choices are the recipes themselves.
    """
    found: dict[str, list[str]] = {}
    for choice, recipe in recipes.items():
        found.setdefault(_shown(defaults_of(recipe).get(setting, "null")), []).append(choice)
    if len(found) == 1:
        return next(iter(found))
    if all(choice == recipe for choice, recipe in recipes.items()):
        return "that of the recipe"
    return ", ".join(f"{value or 'none'} ({', '.join(choices)})" for value, choices in found.items())


def _shown(text: str) -> str:
    value = json.loads(text)
    if isinstance(value, float) and 0 < abs(value) < 1e-3:
        digits, _, exponent = f"{value:e}".partition("e")
        return f"{float(digits):g}e{int(exponent)}"
    if value is None or value is False or isinstance(value, list | dict):
        return ""
    return "on" if value is True else f"{value:g}" if isinstance(value, float) else str(value)
