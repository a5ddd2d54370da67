"""Files that are in the places of a result, and that no earlier run placed: what happens to them.

A file of its own, because enhancing, darkening and placing originals all ask it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from lowlight_cli.detection.variants import LABELS
from lowlight_cli.errors import UsageError
from lowlight_cli.pipeline.choices import OnExist
from lowlight_cli.pipeline.report import Row


class ForeignFiles(NamedTuple):
    """Files of someone else.

    Attributes:
        out: Folder of the result.
        names: Their paths relative to it, with slashes.
        on_exist: What happens to files that exist.
    """

    out: Path
    names: frozenset[str]
    on_exist: OnExist

    def holds(self, target: Path) -> bool:
        """Whether a file is in a place, and must not be replaced."""
        return (
            self.on_exist is not OnExist.OVERWRITE and target.relative_to(self.out).as_posix() in self.names
        )

    def row(self, source: Path, target: Path) -> Row:
        """Outcome of an image whose place is taken: with ``skip`` the file counts as the image."""
        if self.on_exist is OnExist.SKIP:
            return Row(source, target, "skipped", "exists")
        message = f"'{target}' exists, and was not written by lle"
        return Row(source, target, "conflict", "conflict", message)

    def check(self, files: Mapping[str, str]) -> None:
        """Refuses a run that would replace labels, or with ``error`` any image.

        Args:
            files: The kind of each file that the run may write.

        Raises:
            UsageError: There is such a file.
        """
        labels = sorted(name for name in self.names if files[name] == LABELS)
        if labels and self.on_exist is not OnExist.OVERWRITE:
            reason = f"'{self.out / labels[0]}' exists, and was not written by lle"
            raise UsageError(f"{reason}; choose another folder, or --on-exist overwrite")
        if self.on_exist is OnExist.ERROR:
            images = (self.out / name for name, kind in files.items() if kind != LABELS)
            if there := next((image for image in images if image.exists()), None):
                raise UsageError(f"'{there}' exists; choose another --on-exist to skip or overwrite it")
