"""Reads configuration files, and checks them against the options of the commands.

A file has a table for each command, ``[enhance]`` or ``[train.codeenhance]``; that of a group, ``[train]``,
applies to each of its commands that has the option. Global options stand at the top. ``[profile.NAME]`` is
laid out like a whole file, and overrides everything outside profiles.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
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


@dataclass(slots=True)
class Mistakes:
    """What to do about mistakes in files: stop at the first one, or collect all and leave them out.

    Attributes:
        forgiving: Whether to go on.
        messages: Mistakes found so far.
    """

    forgiving: bool = False
    messages: list[str] = field(default_factory=list)

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Context for reading one file, table or key, which is left out after a mistake.

        Raises:
            SettingsError: A mistake that is not forgiven.
        """
        try:
            yield
        except SettingsError as error:
            if not self.forgiving:
                raise
            self.messages.append(str(error))


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


def read_config_files(chosen: Path | None, mistakes: Mistakes) -> list[ConfigFile]:
    """The files that apply, highest priority first: one of the current folder, then the user's.

    Args:
        chosen: File to read instead of those in the current folder.
        mistakes: Collects files that are not TOML.

    Raises:
        SettingsError: The chosen file is missing, or a file is not TOML and this is not forgiven.
    """
    *here, users = candidates(chosen)
    found: list[ConfigFile] = []
    for path in here:
        if not found:
            found += _read_with(mistakes, path, required=path == chosen)
    return [*found, *_read_with(mistakes, users, required=False)]


def _read_with(mistakes: Mistakes, path: Path, *, required: bool) -> list[ConfigFile]:
    """The file in a list; empty if there is none, or if it is wrong and this is forgiven."""
    if required and not path.exists():
        raise SettingsError(f"cannot read configuration {path}: no such file")
    with mistakes.caught():
        file = _read(path, required=required)
        return [file] if file else []
    return []


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


def configuration_from(
    files: list[ConfigFile], keys: Keys, profile: str | None, mistakes: Mistakes
) -> Configuration:
    """Validates files and merges them.

    Args:
        files: Highest priority first.
        keys: Keys they may contain.
        profile: Profile to apply; at least one file must define it.
        mistakes: Collects unknown sections and keys and values that are not valid, with file and key.

    Raises:
        SettingsError: There is no such profile, or a mistake that is not forgiven.
    """
    values: dict[Section, dict[str, Setting]] = {}
    profiles: dict[Section, dict[str, Setting]] = {}
    known: list[str] = []
    for file in reversed(files):
        _merge(values, _Checked(file, keys, str(file), mistakes).table(_without_profiles(file.tree)))
        for name, tree in _profiles(file, mistakes).items():
            found = _Checked(file, keys, f"{file}, profile {name}", mistakes).table(tree)
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


def _profiles(file: ConfigFile, mistakes: Mistakes) -> Mapping[str, TomlTable]:
    profiles: Any = file.tree.get(PROFILE, {})
    with mistakes.caught():
        if not isinstance(profiles, dict) or not all(isinstance(tree, dict) for tree in profiles.values()):
            raise SettingsError(f"{file}: profiles are tables, as [profile.archive.enhance]")
        return profiles
    return {}


@dataclass(frozen=True, slots=True)
class _Checked:
    """Validates one file or one of its profiles.

    Args:
        file: The file.
        keys: Keys it may contain.
        origin: Name of the file or profile in messages.
        mistakes: Collects what is wrong.
    """

    file: ConfigFile
    keys: Keys
    origin: str
    mistakes: Mistakes

    def table(self, tree: TomlTable, words: Section = ()) -> dict[Section, dict[str, Setting]]:
        """Settings of a table and its subtables, for each command they apply to."""
        found: dict[Section, dict[str, Setting]] = {}
        tables = {name: value for name, value in tree.items() if isinstance(value, dict)}
        for name in (name for name in tree if name not in tables):
            with self.mistakes.caught():
                option, setting = self._setting(words, name, tree[name])
                for command, options in {**self.keys.commands, (): self.keys.shared}.items():
                    if command[: len(words)] == words and bool(command) == bool(words) and option in options:
                        found.setdefault(command, {})[options[option].name] = setting
        # The table of a command overrides the table of its group.
        for name, table in tables.items():
            with self.mistakes.caught():
                self._check_section((*words, name), table)
                _merge(found, self.table(table, (*words, name)))
        return found

    def _check_section(self, words: Section, table: TomlTable) -> None:
        if self.keys.is_section(words):
            return
        above, name = words[:-1], words[-1]
        known = self.keys.sections_below(above)
        if not above and get_close_matches(name, [PROFILE, *known], n=1) == [PROFILE]:
            inner = next((key for key, value in table.items() if isinstance(value, dict)), "NAME")
            hint = f"did you mean [{PROFILE}.{inner}]?"
        else:
            hint = nearest(name, known)
        raise SettingsError(f"{self.origin}: unknown section {section_name(words)}; {hint}")

    def _setting(self, words: Section, name: str, value: object) -> tuple[str, Setting]:
        """A validated value, and its key with dashes."""
        key, place = name.replace("_", "-"), f"{self.origin}: {section_name(words)}"
        options = self.keys.options(words)
        if key not in options:
            if self.keys.is_section((*words, name)):
                raise SettingsError(f"{place} {name} is a section; write it as a table")
            if key in PER_CALL:
                raise SettingsError(f"{place} {key} can only be given on the command line")
            raise SettingsError(f"{place} unknown key '{name}'; {nearest(key, options)}")
        try:
            return key, Setting(fitting(options[key], value, self.file.path.parent), self.origin)
        except SettingsError as error:
            raise SettingsError(f"{place} {key}: {error}") from None
