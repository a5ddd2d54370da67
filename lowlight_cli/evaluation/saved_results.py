"""Saves the results of a method, and remembers which files it wrote, so that it never replaces others."""

import json
import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np

from lowlight_cli.errors import ImageError, OutputError, UsageError
from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.picture import Pixels
from lowlight_cli.images.replace import replace_file, write_code
from lowlight_cli.pipeline.journal import sha256_of_file
from lowlight_cli.pipeline.scan import STATE_FOLDER

RECORD = "eval.jsonl"
"""Name of the record in ``.lle``: one JSON line for each file and content that was written."""

VERSION = 1


class SavedResults:
    """Results of one method as PNG files, and the record of those that an evaluation wrote for it.

    Args:
        root: Folder that was asked for; it holds the record of all methods.
        folder: Folder for the results of this method: ``root``, or below it.
        method: Name of the method.

    Raises:
        OutputError: There is a record that cannot be read.
    """

    def __init__(self, root: Path, folder: Path, method: str) -> None:
        self._root, self._folder, self._method = root, folder, method
        self._record = root / STATE_FOLDER / RECORD
        content = _content(self._record)
        self._known = {(data["output"], data["sha256"]) for data in _entries(content, method)}
        self._line_break = "" if content.endswith("\n") or not content else "\n"

    def check(self, names: Iterable[str]) -> None:
        """Makes sure that results can be saved without replacing a file of somebody else.

        Args:
            names: Paths of the results below the folder, without suffix.

        Raises:
            UsageError: A file exists that was not written for this method, or was changed since.
        """
        foreign = [target for target in map(self._target, names) if not self._is_ours(target)]
        if not foreign:
            return
        more = f" and {len(foreign) - 1:,} more" if len(foreign) > 1 else ""
        raise UsageError(
            f"--save-pred '{self._root}': would replace '{foreign[0]}'{more}, not written by lle eval for "
            f"{self._method} or changed since; choose another folder, or remove {'them' if more else 'it'}"
        )

    def save(self, name: str, result: Pixels, *, sixteen_bit: bool) -> None:
        """Writes a result as PNG.

        Args:
            name: Its path below the folder, without suffix.
            result: The result, in 8 or 16 bits.
            sixteen_bit: Whether 16 bits are kept.

        Raises:
            ImageError: It cannot be written.
        """
        target = self._target(name)
        data = _png(result, target, sixteen_bit=sixteen_bit)
        # First the record: a file without one could not be replaced by the next run.
        self._add(self._output(target), sha256(data).hexdigest())
        replace_file(target, data)

    def _target(self, name: str) -> Path:
        return self._folder / f"{name}.png"

    def _output(self, target: Path) -> str:
        return target.relative_to(self._root).as_posix()

    def _is_ours(self, target: Path) -> bool:
        """Whether there is no file, or one with a content that was written for this method."""
        if not os.path.lexists(target):
            return True
        return not target.is_symlink() and (self._output(target), sha256_of_file(target)) in self._known

    def _add(self, output: str, digest: str) -> None:
        if (output, digest) in self._known:
            return
        line = json.dumps({"v": VERSION, "method": self._method, "output": output, "sha256": digest})
        try:
            self._record.parent.mkdir(parents=True, exist_ok=True)
            with self._record.open("a", encoding="utf-8") as file:
                file.write(f"{self._line_break}{line}\n")
        except OSError as error:
            raise ImageError(write_code(error), f"{self._record}: {error.strerror}") from error
        self._line_break = ""
        self._known.add((output, digest))


def _png(result: Pixels, target: Path, *, sixteen_bit: bool) -> bytes:
    pixels = result if sixteen_bit else in_depth(result, np.uint8)
    done, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    if not done:
        raise ImageError("write", f"OpenCV cannot encode {target.name} as PNG")
    return data.tobytes()


def _content(record: Path) -> str:
    try:
        return record.read_text("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise OutputError(f"cannot read '{record}': {error.strerror}") from error


def _entries(content: str, method: str) -> Iterable[dict[str, str]]:
    """Entries of a method; a line cut short by a crash is ignored."""
    for line in content.splitlines():
        try:
            data = json.loads(line)
            if data["method"] == method:
                yield {"output": str(data["output"]), "sha256": str(data["sha256"])}
        except (ValueError, LookupError, TypeError):
            continue
