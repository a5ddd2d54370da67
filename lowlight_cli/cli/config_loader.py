"""Reads configuration files, and checks them against the options of the commands.

A file has a table for each command, ``[enhance]`` or ``[train.codeenhance]``; that of a group, ``[train]``,
applies to each of its commands that has the option. Global options stand at the top. ``[profile.NAME]`` is
laid out like a whole file, and overrides everything outside profiles.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lowlight_cli.cli.config_schema import PER_CALL, Keys, Section, fitting, nearest, section_name
from lowlight_cli.errors import SettingsError
from lowlight_cli.folders import config_folders

PROJECT_FILE = "lle.toml"
SHARED_PROJECT_FILE = "pyproject.toml"

TomlTable = Mapping[str, object]
"""A table of a TOML file."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration file.

    Attributes:
        path: The file; relative paths inside start from its folder.
        tree: Its content, not validated.
    """

    path: Path
    tree: TomlTable

    def __str__(self) -> str:
        """Its path, shortened in the current folder."""
        return f"./{self.path.name}" if self.path.parent == Path() else str(self.path)


def user_file() -> Path:
    """The user's configuration for all folders: the file that exists, or else the one to write."""
    files = [folder / "config.toml" for folder in config_folders()]
    return next((file for file in files if file.is_file()), files[0])


def candidates(chosen: Path | None) -> list[Path]:
    """Files that may be read, highest priority first.

    Args:
        chosen: File to read instead of those in the current folder.
    """
    here = [chosen] if chosen else [Path(PROJECT_FILE), Path(SHARED_PROJECT_FILE)]
    return [*here, user_file()]


def read_config_files(chosen: Path | None) -> list[ConfigFile]:
    """The files that apply, highest priority first: one of the current folder, then the user's.

    Args:
        chosen: File to read instead of those in the current folder.

    Raises:
        SettingsError: A file cannot be read or is not TOML.
    """
    *here, users = candidates(chosen)
    found = [file for path in here if (file := _read(path, required=path == chosen))]
    return [*found[:1], *([file] if (file := _read(users, required=False)) else [])]


def _read(path: Path, *, required: bool) -> ConfigFile | None:
    """The file, or None if it is missing or has no part for this program."""
    if not required and not path.is_file():
        return None
    shared = path.name == SHARED_PROJECT_FILE
    # Most calls have no file to read.
    import tomllib

    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        if shared and not required:
            return None
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"cannot read configuration {path}: {reason}") from error
    if not shared:
        return ConfigFile(path, tree)
    own = tree.get("tool", {}).get("lle")
    return None if own is None and not required else ConfigFile(path, own or {})


PROFILE = "profile"


@dataclass(frozen=True, slots=True)
class Setting:
    """A value set by a file.

    Attributes:
        value: Value as the option accepts it.
        origin: The file, and the profile if there is one.
    """

    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """All values set by files, with priorities applied.

    Attributes:
        files: Names of the files read, highest priority first.
        values: Settings of each command by parameter; global options have the empty section.
    """

    files: tuple[str, ...] = ()
    values: Mapping[Section, Mapping[str, Setting]] = field(default_factory=dict)

    def find(self, section: Section, name: str) -> Setting | None:
        """The value of an option, if a file sets it."""
        return self.values.get(section, {}).get(name)


def configuration_from(files: list[ConfigFile], keys: Keys, profile: str | None = None) -> Configuration:
    """Validates files and merges them.

    Args:
        files: Highest priority first.
        keys: Keys they may contain.
        profile: Profile to apply; at least one file must define it.

    Raises:
        SettingsError: A section or key is unknown, or a value is not valid; the message names file and key.
    """
    values: dict[Section, dict[str, Setting]] = {}
    profiles: dict[Section, dict[str, Setting]] = {}
    known: list[str] = []
    for file in reversed(files):
        _merge(values, _checked(file, _without_profiles(file.tree), keys, str(file)))
        for name, tree in _profiles(file).items():
            found = _checked(file, tree, keys, f"{file}, profile {name}")
            known.append(name)
            if name == profile:
                _merge(profiles, found)
    if profile is not None and profile not in known:
        hint = nearest(profile, known) if known else "no configuration file has profiles"
        raise SettingsError(f"unknown profile '{profile}'; {hint}")
    _merge(values, profiles)
    return Configuration(tuple(str(file) for file in files), values)


def _merge(
    into: dict[Section, dict[str, Setting]], stronger: Mapping[Section, Mapping[str, Setting]]
) -> None:
    for section, settings in stronger.items():
        into.setdefault(section, {}).update(settings)


def _without_profiles(tree: TomlTable) -> dict[str, Any]:
    return {name: value for name, value in tree.items() if name != PROFILE}


def _profiles(file: ConfigFile) -> Mapping[str, TomlTable]:
    profiles: Any = file.tree.get(PROFILE, {})
    if not isinstance(profiles, dict) or not all(isinstance(tree, dict) for tree in profiles.values()):
        raise SettingsError(f"{file}: profiles are tables, as [profile.archive.enhance]")
    return profiles


def _checked(
    file: ConfigFile, tree: TomlTable, keys: Keys, origin: str, words: Section = ()
) -> dict[Section, dict[str, Setting]]:
    """Settings of a table and its subtables, for each command they apply to."""
    found: dict[Section, dict[str, Setting]] = {}
    tables = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            tables[name] = value
            continue
        option, setting = _setting(file, keys, words, (name, value), origin)
        for command, options in {**keys.commands, (): keys.shared}.items():
            if command[: len(words)] == words and bool(command) == bool(words) and option in options:
                found.setdefault(command, {})[options[option].name] = setting
    # The table of a command overrides the table of its group.
    for name, table in tables.items():
        if not keys.is_section((*words, name)):
            hint = nearest(name, keys.sections_below(words))
            raise SettingsError(f"{origin}: unknown section {section_name((*words, name))}; {hint}")
        _merge(found, _checked(file, table, keys, origin, (*words, name)))
    return found


def _setting(
    file: ConfigFile, keys: Keys, words: Section, pair: tuple[str, Any], origin: str
) -> tuple[str, Setting]:
    """A validated value, and its key with dashes."""
    key, place = pair[0].replace("_", "-"), f"{origin}: {section_name(words)}"
    options = keys.options(words)
    if key not in options:
        if keys.is_section((*words, pair[0])):
            raise SettingsError(f"{place} {pair[0]} is a section; write it as a table")
        if key in PER_CALL:
            raise SettingsError(f"{place} {key} can only be given on the command line")
        raise SettingsError(f"{place} unknown key '{pair[0]}'; {nearest(key, options)}")
    try:
        value = fitting(options[key], pair[1], file.path.parent)
    except SettingsError as error:
        raise SettingsError(f"{place} {key}: {error}") from None
    return key, Setting(value, origin)
