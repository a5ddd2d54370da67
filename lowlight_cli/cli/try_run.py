"""One run of ``lle try``: progress, the paths of the sheets, and the commands to go on with."""

import shlex
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import draw_bar, progress_kind, say, shown
from lowlight_cli.cli.reporter import emit
from lowlight_cli.counted import counted
from lowlight_cli.pipeline.report import ALL_FAILED, SOME_FAILED
from lowlight_cli.preview.compare import PreviewObserver, Sheet, compare_settings
from lowlight_cli.preview.request import PreviewRequest
from lowlight_cli.preview.write import SHEET_END

if TYPE_CHECKING:
    from tqdm import tqdm


class _Reporter(PreviewObserver):
    """Shows progress on stderr.

    Args:
        settings: Quiet mode and the kind of progress.
        photos: Number of photos.
    """

    def __init__(self, settings: GlobalSettings, photos: int) -> None:
        self._settings = settings
        self._photos = photos
        self._bar: tqdm[None] | None = None

    def start(self, total: int) -> None:
        """Draws the bar in a terminal; says elsewhere what is done."""
        kind = progress_kind(self._settings)
        if kind == "bar":
            self._bar = draw_bar(total)
        words = f"{counted(self._photos, 'photo')}, {counted(total, 'image')} to compute"
        say(words, quiet=kind != "lines")

    def cell(self) -> None:
        """Moves the bar."""
        if self._bar is not None:
            self._bar.update()

    def warning(self, text: str) -> None:
        """Prints a warning."""
        say(f"lle: warning: {text}", quiet=self._settings.quiet)

    def close(self) -> None:
        """Removes the bar."""
        if self._bar is not None:
            self._bar.leave = False
            self._bar.close()


def run(request: PreviewRequest, settings: GlobalSettings) -> int:
    """Writes the sheets, prints their paths and what to type next.

    Args:
        request: Photos and settings to compare.
        settings: Global options.

    Returns:
        The exit code.

    Raises:
        LowlightError: The request does not fit together, or a model or a sheet fails.
    """
    reporter, sheets = _Reporter(settings, len(set(request.photos))), list[Sheet]()
    if names := request.left_out():
        reporter.warning(f"left out, as they do not support each option that was set: {', '.join(names)}")
    try:
        for sheet in compare_settings(request, reporter):
            sheets.append(sheet)
            if sheet.error is None:
                emit(sheet.sheet)
            else:
                say(
                    f"failed  {shown(sheet.photo)}  {sheet.error.code}: {shown(str(sheet.error))}", error=True
                )
    finally:
        reporter.close()
    written = [sheet for sheet in sheets if sheet.error is None]
    if written:
        say("For all photos of a folder, one of:", quiet=settings.quiet)
        for command in _commands(request, written):
            say(f"  {shown(command)}", quiet=settings.quiet)
    return 0 if len(written) == len(sheets) else SOME_FAILED if written else ALL_FAILED


def _commands(request: PreviewRequest, sheets: list[Sheet]) -> list[str]:
    """The command of each cell for a folder, which leaves out the sheets that lie there."""
    left_out = [word for pattern in _patterns(sheets) for word in ("--exclude", pattern)]
    shared = request.shared_words()
    return [
        shlex.join(("lle", "enhance", "FOLDER", "-o", "OUT", *variant.words, *shared, *left_out))
        for variant in request.variants()
    ]


def _patterns(sheets: list[Sheet]) -> list[str]:
    """Patterns for ``--exclude`` of the sheets that lie in a folder of the photos, or below it.

    A sheet below it is named by its path, as a photo may have the same name.
    """
    folders = {sheet.photo.parent.resolve() for sheet in sheets}
    places = [sheet.sheet.parent.resolve() / sheet.sheet.name for sheet in sheets]
    inside = [place.relative_to(each) for place in places for each in folders if place.is_relative_to(each)]
    usual = f"*{Path(SHEET_END).stem}.*"
    own = [escape(path.as_posix()) for path in inside if not fnmatchcase(path.name.casefold(), usual)]
    return [usual, *own] if inside else []
