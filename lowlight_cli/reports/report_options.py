"""Which reports to make of a run; checks that they can be made before any work is done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lowlight_cli.errors import UsageError

REPORT_SUFFIXES = (".html", ".md", ".csv", ".json")
COMPARISON_END = "_compare.jpg"
"""End of the file names of comparisons."""
SHEET_SUFFIXES = (".jpg", ".jpeg", ".png")


class Style(StrEnum):
    """How a comparison combines an original and its result."""

    SIDE = "side"
    SPLIT = "split"
    STACK = "stack"


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """The reports to make of a run.

    Attributes:
        files: Report files; the extension selects the format.
        compare: Folder for a comparison of each pair.
        style: Style of these comparisons.
        contact_sheet: Image file with all pairs.
        absolute: Whether reports may contain absolute paths.
    """

    files: Sequence[Path] = ()
    compare: Path | None = None
    style: Style = Style.SIDE
    contact_sheet: Path | None = None
    absolute: bool = False

    def __bool__(self) -> bool:
        """Whether any report was requested."""
        return bool(self.files or self.compare or self.contact_sheet)

    @property
    def options_given(self) -> list[str]:
        """Options of the command line that ask for these reports."""
        given = {"--report": self.files, "--compare": self.compare, "--contact-sheet": self.contact_sheet}
        return [option for option, value in given.items() if value]

    def check(self) -> None:
        """Refuses reports that cannot be made.

        Raises:
            UsageError: An extension is not supported, two options name the same file, or a folder is named
                where a file is needed or the other way around.
        """
        for path in self.files:
            _check_file(path, REPORT_SUFFIXES, "report")
        if self.contact_sheet:
            _check_file(self.contact_sheet, SHEET_SUFFIXES, "contact sheet")
        if len({path.absolute() for path in self.files}) < len(self.files):
            raise UsageError("two --report options name the same file; give each report its own name")
        if self.compare and self.compare.exists() and not self.compare.is_dir():
            raise UsageError(f"--compare '{self.compare}' is a file; name a folder")


def check_overwrites(targets: Iterable[Path], images: Mapping[Path, str]) -> None:
    """Refuses to overwrite an original or a result.

    Args:
        targets: Files to write.
        images: Originals and results, each with its name for a message.

    Raises:
        UsageError: A target is one of the images.
    """
    names = {identity: name for path, name in images.items() if (identity := _identity(path))}
    for target in targets:
        if (identity := _identity(target)) and (name := names.get(identity)):
            raise UsageError(f"'{target}' would replace the image '{name}'; choose another name")


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode, which are equal for all names of one file; None if there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _check_file(path: Path, suffixes: Sequence[str], kind: str) -> None:
    if path.suffix.lower() not in suffixes:
        raise UsageError(f"'{path}' is no name for a {kind}; use the extension {', '.join(suffixes)}")
    if path.is_dir():
        raise UsageError(f"'{path}' is a folder; name a file for the {kind}")
