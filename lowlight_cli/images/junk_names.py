"""Names of files and folders that are never images to read: hidden ones, and those of operating systems."""

from lowlight_cli.images.replace import TEMPORARY_MARK

_FILES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_FOLDERS = frozenset({"@eaDir", "__MACOSX"})


def is_junk_file(name: str, *, hidden: bool = False) -> bool:
    """Whether a file is left out: hidden, of macOS or Windows, or a temporary file of this program.

    Args:
        name: Name of the file, without its folder.
        hidden: Whether files whose names start with a dot are read; those of macOS (``._a.jpg``) never are.

    >>> is_junk_file("._a.jpg", hidden=True), is_junk_file("a.jpg")
    (True, False)
    """
    is_hidden = name.startswith("._") or (name.startswith(".") and not hidden)
    return is_hidden or name.lower() in _FILES or TEMPORARY_MARK in name


def is_junk_folder(name: str, *, hidden: bool = False) -> bool:
    """Whether a folder is left out: hidden, or made by macOS or by a network drive.

    Args:
        name: Name of the folder, without the one around it.
        hidden: Whether folders whose names start with a dot are read.

    >>> is_junk_folder("@eaDir"), is_junk_folder("night")
    (True, False)
    """
    return name in _FOLDERS or (name.startswith(".") and not hidden)
