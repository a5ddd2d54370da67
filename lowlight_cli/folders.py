"""Folders in the user's home directory for configuration, data, cache and state.

``XDG_CONFIG_HOME``, ``XDG_DATA_HOME``, ``XDG_CACHE_HOME`` and ``XDG_STATE_HOME`` come first on every system.
Without them the folders are those of the system: ``~/.config/lle`` and so on, on Linux. None has to exist.
"""

import os
import sys
from pathlib import Path
from typing import Literal

NAME = "lle"


def config_folders() -> tuple[Path, ...]:
    """Folders of configuration: the first one is written to, all are read.

    Raises:
        RuntimeError: The user has no home directory.
    """
    return (_user_folder("config"), *_earlier_folder("config", ".config"))


def data_folders() -> tuple[Path, ...]:
    """Folders of weights and metric files: the first one is written to, all are read.

    Raises:
        RuntimeError: The user has no home directory.
    """
    return (_user_folder("data"), *_earlier_folder("data", ".local/share"))


def cache_folder() -> Path:
    """Folder of files that can be made again.

    Raises:
        RuntimeError: The user has no home directory.
    """
    return _user_folder("cache")


def state_folder() -> Path:
    """Folder of logs kept between runs.

    Raises:
        RuntimeError: The user has no home directory.
    """
    return _user_folder("state")


def listed_folders(variable: str) -> tuple[Path, ...]:
    """Folders listed in an environment variable, separated as in ``PATH``; empty if it is not set."""
    return tuple(Path(part) for part in os.environ.get(variable, "").split(os.pathsep) if part)


def with_tilde(path: Path) -> str:
    """A path for a message, with ``~`` in place of the home directory."""
    try:
        return str("~" / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def _user_folder(kind: Literal["config", "data", "cache", "state"]) -> Path:
    named = os.environ.get(f"XDG_{kind.upper()}_HOME")
    if named:
        return Path(named).expanduser() / NAME
    # Imported here: it takes 2 ms, and `lle --help` needs no folder.
    import platformdirs

    folders = platformdirs.PlatformDirs(NAME, appauthor=False)
    return Path(getattr(folders, f"user_{kind}_dir"))


def _earlier_folder(kind: str, below_home: str) -> tuple[Path, ...]:
    """Folder that version 0.1 used on macOS and Windows, too; empty where it is still the one in use."""
    if sys.platform not in ("darwin", "win32") or os.environ.get(f"XDG_{kind.upper()}_HOME"):
        return ()
    return (Path.home() / below_home / NAME,)
