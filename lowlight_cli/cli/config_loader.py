"""What configuration files say, checked against the options that there are.

A file has a table for each command, ``[enhance]`` or ``[train.codeenhance]``; that of a group, ``[train]``,
holds for its commands as far as they have the option. Global options stand at the top. ``[profile.NAME]`` has
the form of a whole file, and goes before everything outside profiles.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lowlight_cli.cli.config_schema import PER_CALL, Keys, Section, fitting, nearest, section_name
from lowlight_cli.errors import SettingsError

PROJECT_FILE = "lle.toml"
SHARED_PROJECT_FILE = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration file that is there.

    Attributes:
        path: Where it lies; paths inside count from its folder.
        tree: What is in it, not checked.
    """

    path: Path
    tree: Mapping[str, Any]

    def __str__(self) -> str:
        """Its name, short where it lies here."""
        return f"./{self.path.name}" if self.path.parent == Path() else str(self.path)


def user_file() -> Path:
    """Configuration of the user, for all folders: ``$XDG_CONFIG_HOME/lle/config.toml``."""
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(home).expanduser() / "lle" / "config.toml"


def candidates(chosen: Path | None) -> list[Path]:
    """Files that are looked at, the strongest first.

    Args:
        chosen: File to take in place of those of this folder.
    """
    here = [chosen] if chosen else [Path(PROJECT_FILE), Path(SHARED_PROJECT_FILE)]
    return [*here, user_file()]


def read_config_files(chosen: Path | None) -> list[ConfigFile]:
    """The files that count, the strongest first: one of this folder, then that of the user.

    Args:
        chosen: File to take in place of those of this folder.

    Raises:
        SettingsError: A file cannot be read or is no TOML.
    """
    *here, users = candidates(chosen)
    found = [file for path in here if (file := _read(path, required=path == chosen))]
    return [*found[:1], *([file] if (file := _read(users, required=False)) else [])]


def _read(path: Path, *, required: bool) -> ConfigFile | None:
    """The file, or None where it is absent or says nothing to this program."""
    if not required and not path.is_file():
        return None
    shared = path.name == SHARED_PROJECT_FILE
    # Not needed where no file lies, which is most of the time.
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
    """A value that a file sets.

    Attributes:
        value: As the option takes it.
        origin: File, and profile.
    """

    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that files set, weaker values already left out.

    Attributes:
        files: Names of the files read, the strongest first.
        values: Settings of each command by parameter; global options have the empty section.
    """

    files: tuple[str, ...] = ()
    values: Mapping[Section, Mapping[str, Setting]] = field(default_factory=dict)

    def find(self, section: Section, name: str) -> Setting | None:
        """The setting of an option, if a file has it."""
        return self.values.get(section, {}).get(name)


def configuration_from(files: list[ConfigFile], keys: Keys, profile: str | None = None) -> Configuration:
    """Checks files and puts them together.

    Args:
        files: The strongest first.
        keys: What they may contain.
        profile: Profile to take; one file has to have it.

    Raises:
        SettingsError: A section or key is unknown, or a value does not fit; file and key are named.
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


def _without_profiles(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in tree.items() if name != PROFILE}


def _profiles(file: ConfigFile) -> Mapping[str, Any]:
    profiles = file.tree.get(PROFILE, {})
    if not isinstance(profiles, dict) or not all(isinstance(tree, dict) for tree in profiles.values()):
        raise SettingsError(f"{file}: profiles are tables, as [profile.archive.enhance]")
    return profiles


def _checked(
    file: ConfigFile, tree: Mapping[str, Any], keys: Keys, origin: str, words: Section = ()
) -> dict[Section, dict[str, Setting]]:
    """Settings of a table and of those in it, for each command that they reach."""
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
    # What is said of one command is stronger than what is said of its group.
    for name, table in tables.items():
        if not keys.is_section((*words, name)):
            hint = nearest(name, keys.sections_below(words))
            raise SettingsError(f"{origin}: unknown section {section_name((*words, name))}; {hint}")
        _merge(found, _checked(file, table, keys, origin, (*words, name)))
    return found


def _setting(
    file: ConfigFile, keys: Keys, words: Section, pair: tuple[str, Any], origin: str
) -> tuple[str, Setting]:
    """One value, checked; its key with dashes."""
    key, place = pair[0].replace("_", "-"), f"{origin}: {section_name(words)}"
    options = keys.options(words)
    if key not in options:
        if keys.is_section((*words, pair[0])):
            raise SettingsError(f"{place} {pair[0]} is a section, not a value")
        if key in PER_CALL:
            raise SettingsError(f"{place} {key} belongs to one call: give it on the command line")
        raise SettingsError(f"{place} unknown key '{pair[0]}'; {nearest(key, options)}")
    try:
        value = fitting(options[key], pair[1], file.path.parent)
    except SettingsError as error:
        raise SettingsError(f"{place} {key}: {error}") from None
    return key, Setting(value, origin)
