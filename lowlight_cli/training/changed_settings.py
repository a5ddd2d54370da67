"""Compares the settings of a run that resumes with those that it had before; torch-free."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lowlight_cli.errors import UsageError
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.settings import SETTINGS_FILE, as_toml, known_keys, read_file

FREE = frozenset(
    {
        *("run.steps", "run.limit_minutes", "run.early_stop", "run.resume"),
        *("run.sample_every", "run.save_every", "run.journal_every", "run.keep", "run.tensorboard"),
        *("run.accumulate", "run.device", "run.compile", "run.workers"),
        *("data.root", "data.skip_broken", "data.cache", "data.cache_gigabytes"),
        *("check_side", "validation_side"),
    }
)
"""Settings that say how long a run takes, how it is watched and how it is computed."""

OF_LENGTH = frozenset({"codes_from", "critic_from"})
"""Settings that follow the length of a run unless they are given; version 0.1 recorded numbers for them."""

AT_START = frozenset({"start", "encoder", "degradation", "branch_gain"})
"""Settings of the first weights, which a checkpoint replaces."""

NAMED = 8
"""Most settings that a message names."""


def changed_settings(recipe: Recipe, folder: Path) -> list[str]:
    """Dotted names of the settings that define a training and differ from those in a run folder.

    A setting that is not recorded counts as the default, because an older version may not have had it;
    recorded ones that no longer exist are ignored.

    Args:
        recipe: Settings of the run.
        folder: A run folder; without recorded settings nothing differs.

    Raises:
        SettingsError: The recorded settings cannot be read.
    """
    if not (folder / SETTINGS_FILE).exists():
        return []
    defaults, ours = (_flat(tomllib.loads(as_toml(each))) for each in (type(recipe)(), recipe))
    recorded, known = _flat(read_file(folder / SETTINGS_FILE)), set(known_keys(type(recipe)))
    theirs = {name: value for name, value in recorded.items() if name in ours or name in known}
    return [
        name
        for name in dict.fromkeys((*ours, *theirs))
        if name not in FREE
        and ours.get(name) != theirs.get(name, defaults.get(name))
        and not (name in OF_LENGTH and name not in ours)
    ]


def warnings_of_changes(recipe: Recipe, folder: Path, checkpoint: Path, *, is_over: bool) -> list[str]:
    """The warning that a run goes on with other settings than those that a checkpoint was made with, if so.

    Args:
        recipe: Settings of the run.
        folder: Its run folder.
        checkpoint: What it resumes from, in ``ckpt`` of this or another run folder, or anywhere else.
        is_over: Whether no step is left to take.

    Raises:
        SettingsError: The recorded settings cannot be read.
        UsageError: The settings differ, and no step is left to take with them.
    """
    around = checkpoint.absolute().parent.parent
    is_of_another = not checkpoint.is_relative_to(folder) and (around / SETTINGS_FILE).exists()
    origin = around if is_of_another else folder
    changed = changed_settings(recipe, origin)
    if changed and is_over:
        raise UsageError(
            f"{origin} holds a finished run with other settings ({_listed(changed)}): "
            "choose another --out, or start over with --resume none"
        )
    vain = [name for name in changed if name in AT_START]
    but = f"; no effect after the first step: {_listed(vain)}" if vain else ""
    text = f"warning  settings changed ({_listed(changed)}): the rest of the run uses the new ones{but}"
    return [text] if changed else []


def _listed(names: Sequence[str]) -> str:
    rest = [f"and {len(names) - NAMED} more"] if len(names) > NAMED else []
    return ", ".join([*names[:NAMED], *rest])


def _flat(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Values by dotted name."""
    found: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{above}{name}.")
        else:
            found[f"{above}{name}"] = _comparable(value)
    return found


def _comparable(value: object) -> object:
    """The value with absolute paths, so that two names of one folder are equal; other texts stay distinct."""
    if isinstance(value, str):
        return os.path.normpath(Path(value).absolute())
    if isinstance(value, Mapping):
        return {name: _comparable(inner) for name, inner in value.items()}
    return [_comparable(inner) for inner in value] if isinstance(value, list) else value
