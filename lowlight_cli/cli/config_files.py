"""Where configuration may lie, and reading it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
