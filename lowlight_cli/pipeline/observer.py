"""Interface of observers of a run: one method per event."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from lowlight_cli.pipeline.control_support import ControlHandler
from lowlight_cli.pipeline.plan import Plan
from lowlight_cli.pipeline.report import Row
from lowlight_cli.pipeline.run_log import RunInfo


class Observer:
    """Ignores all events of a run; override the methods of interest.

    All methods but ``warning`` are called in the thread that runs the pipeline.
    """

    def planned(self, plan: Plan) -> None:
        """The plan is known and nothing has been written; an error raised here ends the run."""

    def start(
        self,
        plan: Plan,
        info: RunInfo,
        handlers: Mapping[str, ControlHandler],
        precision_reason: str = "",
    ) -> None:
        """The run begins.

        Args:
            plan: What it will do.
            info: Manifest fields that all its images share.
            handlers: What applies each control that was set.
            precision_reason: Why this number format was chosen; empty if no model is loaded.
        """

    def warning(self, text: str) -> None:
        """The run deviates from the settings; called once for each kind of deviation."""

    def progress(self, total: int) -> AbstractContextManager[None]:
        """A context that is open while images are enhanced.

        Args:
            total: Number of images to enhance.
        """
        del total
        return nullcontext()

    def working(self, source: Path) -> None:
        """The model starts on an image, or on a batch whose first image this is.

        Args:
            source: File of the image.
        """

    def crash(self, row: Row, error: BaseException) -> None:
        """An image failed because of a bug; ``item`` follows."""

    def item(self, row: Row) -> None:
        """An image is finished: enhanced, skipped, failed or in conflict."""
