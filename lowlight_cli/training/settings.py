"""Merges the settings of a run: defaults of the recipe, preset, file, options and single assignments."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

import tomlkit
from pydantic import BaseModel, ValidationError

from lowlight_cli.errors import SettingsError
from lowlight_cli.training.config import Settings

SETTINGS_FILE = "config.resolved.toml"
"""Name of the file in a run folder that holds all settings of the run."""

KIND = "kind"
"""Key that chooses between several classes of settings."""

RecipeSettings = TypeVar("RecipeSettings", bound=Settings)


def parse_assignment(text: str) -> tuple[tuple[str, ...], Any]:
    """Splits ``a.b=value``; the value is read as TOML, or as plain text if it is not TOML.

    Raises:
        SettingsError: There is no ``=``.
    """
    key, equals, value = text.partition("=")
    if not (equals and key.strip()):
        raise SettingsError(f"'{text}' is not of the form KEY=VALUE")
    try:
        return tuple(key.strip().split(".")), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return tuple(key.strip().split(".")), value


def read_file(path: Path) -> dict[str, Any]:
    """Settings in a TOML file, or in a JSON file as the first run folders have.

    Raises:
        SettingsError: The file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree: dict[str, Any] = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        return tree
    except (OSError, tomllib.TOMLDecodeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read settings from {path}: {error}") from error


def merged(
    settings: type[RecipeSettings],
    file: Path | None,
    values: Mapping[str, Any],
    assignments: Sequence[str],
    *,
    start: Mapping[str, Any] | None = None,
) -> RecipeSettings:
    """Checked settings; later sources win.

    Args:
        settings: The class, with its defaults.
        start: Settings of a preset, over the defaults.
        file: TOML file, over the preset.
        values: Values of options by dotted name, over the file; None for not given.
        assignments: Texts of the form ``a.b=value``, over everything else.

    Raises:
        SettingsError: A key is unknown or a value is out of range; the message names each.
    """
    tree = laid_over(start or {}, read_file(file) if file else {})
    defaults = settings().model_dump()
    given = [(tuple(key.split(".")), value) for key, value in values.items() if value is not None]
    given += [parse_assignment(text) for text in assignments]
    for path, value in sorted(given, key=lambda each: each[0][-1] != KIND):
        _put(tree, path, value, defaults)
    try:
        return settings.model_validate(tree)
    except ValidationError as error:
        lines = (_line(item, settings) for item in error.errors())
        raise SettingsError(f"settings: {'; '.join(lines)}") from error


def _line(fault: Mapping[str, Any], settings: type[Settings]) -> str:
    """Describes what is wrong with one setting; suggests the nearest known name for an unknown one."""
    key = ".".join(map(str, fault["loc"]))
    if fault["type"] != "extra_forbidden":
        message = str(fault["msg"]).removeprefix("Value error, ")
        return f"{key}: {message}" if key else message
    near = get_close_matches(key, known_keys(settings), 1)
    return f"{key}: unknown{f'; did you mean {near[0]}?' if near else ''}"


def known_keys(settings: type[BaseModel], above: str = "") -> list[str]:
    """Dotted names of all settings of a class, and of those inside them."""
    found = []
    for name, field in settings.model_fields.items():
        found.append(f"{above}{name}")
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                found += known_keys(inner, f"{above}{name}.")
    return found


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Merges two trees; values of ``above`` win, and another kind replaces the whole group."""
    tree = _of_kind(below, above.get(KIND))
    for name, value in above.items():
        under = below.get(name)
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            tree[name] = laid_over(under, value)
        else:
            tree[name] = value
    return tree


def _put(tree: dict[str, Any], path: tuple[str, ...], value: object, defaults: Mapping[str, Any]) -> None:
    """Sets one value; a group without other values starts from the defaults of the recipe."""
    *parents, last = path
    for name in parents:
        is_new = tree.get(name) is None
        branch = (defaults.get(name) or {}) if is_new else tree[name]
        if not isinstance(branch, Mapping):
            raise SettingsError(f"settings: {name} is a single value and has no {last}")
        tree[name] = _of_kind(branch, value if (name, last) == (parents[-1], KIND) else None)
        tree, defaults = tree[name], {}  # groups further inside are complete
    tree[last] = value


def _of_kind(tree: Mapping[str, Any], kind: object) -> dict[str, Any]:
    """A copy of settings; empty if they are of another kind, which has other keys."""
    return {} if kind is not None and tree.get(KIND, kind) != kind else dict(tree)


def resumes_in(recipe: Settings, folder: Path) -> bool:
    """Whether a run goes on from a checkpoint in its run folder, which may be missing or empty."""
    return bool(dict(recipe)["run"].resume != "none") and any((folder / "ckpt").glob("*.pt"))


def with_recorded_split(recipe: RecipeSettings, folder: Path) -> RecipeSettings:
    """The same settings, with the validation split recorded in a run folder where they name none.

    Version 0.1 recorded the scenes of one dataset in every run folder. A run that resumes keeps them, so
    that it trains on the images that it started with.

    Args:
        recipe: Settings of a run.
        folder: Its run folder, which may be missing or empty.

    Raises:
        SettingsError: The settings in the folder cannot be read.
    """
    values = dict(recipe)
    if not resumes_in(recipe, folder):
        return recipe
    recorded = read_file(folder / SETTINGS_FILE).get("data", {}) if (folder / SETTINGS_FILE).exists() else {}
    names = [name for name in ("held_out", "cast") if getattr(values["data"], name) is None]
    update = {name: tuple(recorded[name]) for name in names if name in recorded}
    return recipe.model_copy(update={"data": values["data"].model_copy(update=update)})


def as_toml(settings: BaseModel) -> str:
    """All settings as TOML text that ``read_file`` reads back; a setting of None is left out."""
    return tomlkit.dumps(settings.model_dump(mode="json", exclude_none=True))


def as_commented_toml(settings: BaseModel) -> str:
    """The same text with a comment line ``# name =`` for each setting of None, at the start of its table."""
    unset = _unset(settings.model_dump(mode="json"))
    lines = unset.pop("", [])
    for line in as_toml(settings).splitlines():
        lines.append(line)
        if line.startswith("[") and line.endswith("]"):
            lines += unset.pop(line[1:-1], [])
    return "\n".join(lines) + "\n"


def _unset(tree: Mapping[str, Any], above: str = "") -> dict[str, list[str]]:
    """Comment lines for the settings of None, by the dotted name of their table."""
    found = {above: [f"# {name} =" for name, value in tree.items() if value is None]}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            found |= _unset(value, f"{above}.{name}" if above else name)
    return found
