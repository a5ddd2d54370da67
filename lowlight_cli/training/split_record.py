"""Keeps the split of a run into images to train on and images to validate on; torch-free."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lowlight_cli.counted import counted
from lowlight_cli.errors import SettingsError

SPLIT_FILE = "split.json"
"""Name of the file in a run folder that lists the images of the run as it began."""


@dataclass(slots=True, eq=False)
class SplitRecord:
    """The images of a run by name, and whether each is for validation.

    Attributes:
        rule: The settings that choose the split, as text.
        recorded: The images as the run began; empty for a run that begins now.
        present: Those that this start has read.
    """

    rule: str
    recorded: dict[str, bool] = field(default_factory=dict)
    present: dict[str, bool] = field(default_factory=dict)

    def held_out(self, names: Sequence[str]) -> list[bool] | None:
        """Which images of a source were for validation as the run began; later ones are trained on.

        None if the run began without any of them.
        """
        if not any(name in self.recorded for name in names):
            return None
        return [self.recorded.get(name, False) for name in names]

    def note(self, images: Iterable[tuple[str, bool]], log: Callable[[str], None]) -> None:
        """Notes the images that were read, and logs a warning if they differ from those recorded.

        Args:
            images: Name of each, and whether it is for validation.
            log: Called with each message.
        """
        self.present = dict(images)
        added, removed = (
            self.present.keys() - self.recorded.keys(),
            self.recorded.keys() - self.present.keys(),
        )
        if not self.recorded or not (added or removed):
            return
        line = f"warning  {counted(len(added), 'image')} added, {len(removed)} removed since the run began"
        if _for_validation(self.present) != _for_validation(self.recorded):
            line += "; the validation images differ, so earlier scores cannot be compared"
        log(line)

    def text(self) -> str:
        """Content of the file: the split as the run began."""
        kept = self.recorded if self.recorded.keys() & self.present.keys() else self.present
        names = {"train": [name for name in kept if not kept[name]], "validation": _for_validation(kept)}
        return json.dumps({"rule": self.rule, **names}, indent=0) + "\n"


def read_split(path: Path, rule: str) -> SplitRecord:
    """The split recorded in a file; empty if there is none, or one that other settings chose.

    Raises:
        SettingsError: The file cannot be read.
    """
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        if tree["rule"] != rule:
            return SplitRecord(rule)
        return SplitRecord(
            rule, {name: kind == "validation" for kind in ("train", "validation") for name in tree[kind]}
        )
    except FileNotFoundError:
        return SplitRecord(rule)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"cannot read the split of the run from {path}: {error}") from error


def source_names(folders: Sequence[Path]) -> list[str]:
    """A name for each folder, its last part, by which its images are known wherever the folder is.

    >>> source_names([Path("a/photos"), Path("b/photos")])
    ['photos', 'photos#2']
    """
    last = [folder.resolve().name for folder in folders]
    return [f"{name}#{place + 1}" if name in last[:place] else name for place, name in enumerate(last)]


def _for_validation(images: dict[str, bool]) -> list[str]:
    return sorted(name for name, is_held_out in images.items() if is_held_out)
