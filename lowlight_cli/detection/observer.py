"""Who hears about the preparation of a dataset while it goes on: one method per event."""

from pathlib import Path

from lowlight_cli.detection.collection import Collection
from lowlight_cli.detection.prepared_labels import Changes, PreparedLabels
from lowlight_cli.pipeline.observer import Observer
from lowlight_cli.pipeline.report import Report


class PrepareObserver(Observer):
    """Hears about a preparation and does nothing; override the events of interest.

    The events of ``Observer`` come from the run that enhances or darkens the images.
    """

    def found(self, collection: Collection, labels: PreparedLabels) -> None:
        """The labels of the source were read; nothing has been written."""

    def enhanced(self, report: Report) -> None:
        """The run that enhances images is over."""

    def wrong_size(self, path: Path) -> None:
        """An image in the result has another size than its labels, and is left out."""

    def originals_placed(self, count: int, new: int) -> None:
        """Originals are in their places.

        Args:
            count: Number of originals.
            new: How many of them were not there before.
        """

    def changed(self, changes: Changes) -> None:
        """The labels were written, with these changes."""
