"""Shows photos with several settings: one sheet each."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.errors import ImageError
from lowlight_cli.preview.request import PreviewRequest
from lowlight_cli.preview.write import sheet_paths, write_sheet


class PreviewObserver:
    """Ignores all events; override the methods of interest."""

    def start(self, total: int) -> None:
        """Work begins.

        Args:
            total: Images to compute, over all photos.
        """

    def cell(self) -> None:
        """An image is computed."""

    def warning(self, text: str) -> None:
        """Something is done differently than requested."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Outcome of one photo.

    Attributes:
        photo: Its file.
        sheet: The sheet.
        error: Why there is no sheet; None if it was written.
    """

    photo: Path
    sheet: Path
    error: ImageError | None = None


def compare_settings(request: PreviewRequest, observer: PreviewObserver) -> Iterator[Sheet]:
    """Writes a sheet for each photo; one that cannot be read or enhanced has none.

    Args:
        request: Photos, settings to compare and where sheets are written.
        observer: Notified of each event.

    Raises:
        LowlightError: The request does not fit together, a model cannot be loaded, or a sheet cannot be
            written.
    """
    variants, axes = request.variants(), request.axes()
    sheets = sheet_paths(request)
    # Importing torch takes seconds, so do it only after the arguments are validated.
    from lowlight_cli.preview.render import Renderer
    from lowlight_cli.preview.sheet import draw_sheet

    observer.start(len(variants) * len(sheets))
    render = Renderer(request, on_cell=observer.cell, on_warning=observer.warning)
    columns = len(axes[1].values) if len(axes) > 1 else None
    for photo, target in sheets.items():
        try:
            compared = render(photo)
        except ImageError as error:
            yield Sheet(photo, target, error)
            continue
        write_sheet(draw_sheet(compared, request.shared_words(), columns), target)
        yield Sheet(photo, target)
