"""Which reports were asked for, and whether they can be made; checked before any work."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lowlight_cli.errors import UsageError
from lowlight_cli.reports.record import Record

REPORT_ENDINGS = (".html", ".md", ".csv", ".json")
COMPARISON_END = "_compare.jpg"
"""How the names of comparisons end."""
SHEET_ENDINGS = (".jpg", ".jpeg", ".png")


class Style(StrEnum):
    """How an original and its result share a comparison."""

    SIDE = "side"
    SPLIT = "split"
    STACK = "stack"


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What to make of a run.

    Attributes:
        files: Reports; their endings tell the form.
        compare: Folder for a comparison of each picture.
        style: Of these comparisons.
        contact_sheet: Picture with all pairs.
        absolute: Whether reports may hold absolute paths.
    """

    files: Sequence[Path] = ()
    compare: Path | None = None
    style: Style = Style.SIDE
    contact_sheet: Path | None = None
    absolute: bool = False

    def __bool__(self) -> bool:
        """Whether anything was asked for."""
        return bool(self.files or self.compare or self.contact_sheet)

    @property
    def options_given(self) -> list[str]:
        """Options of the command line that ask for these reports."""
        given = {"--report": self.files, "--compare": self.compare, "--contact-sheet": self.contact_sheet}
        return [option for option, value in given.items() if value]

    def check(self) -> None:
        """Refuses what cannot be made.

        Raises:
            UsageError: The end of a name tells no form, or two wishes name one file.
        """
        for path in self.files:
            _check_ending(path, REPORT_ENDINGS, "report")
        if self.contact_sheet:
            _check_ending(self.contact_sheet, SHEET_ENDINGS, "contact sheet")
        if len({path.absolute() for path in self.files}) < len(self.files):
            raise UsageError("the same report is asked for twice")
        if self.compare and self.compare.exists() and not self.compare.is_dir():
            raise UsageError(f"'{self.compare}' is a file, but comparisons need a folder")


def check_spares(targets: Iterable[Path], records: Sequence[Record]) -> None:
    """Refuses to write over an original or a result.

    Raises:
        UsageError: One of the targets is one of them.
    """
    pictures: dict[tuple[int, int], str] = {}
    for record in records:
        for path in (record.source, record.output):
            if path is not None and (identity := _identity(path)):
                pictures[identity] = record.name
    for target in targets:
        if (identity := _identity(target)) and (name := pictures.get(identity)):
            raise UsageError(f"'{target}' would replace the picture '{name}'")


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells files apart whatever their names: device and inode; None where there is no file."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def _check_ending(path: Path, endings: Sequence[str], what: str) -> None:
    if path.suffix.lower() not in endings:
        raise UsageError(f"'{path}': the name of a {what} ends in {', '.join(endings)}")
    if path.is_dir():
        raise UsageError(f"'{path}' is a folder, but a {what} is a file")
