"""What a report knows of each picture before it looks at the files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Literal

NOWHERE = PurePath()
"""Place of a result that does not exist."""

_WORDS = ("model", "preset", "checkpoint_sha256", "device", "precision", "run", "version")

Status = Literal["ok", "skipped", "failed", "conflict"]


@dataclass(frozen=True, slots=True)
class Record:
    """One picture of a run.

    Attributes:
        name: What the picture is called in reports, a relative path where there is one.
        source: The original.
        output: The result; None where there is none.
        place: The result, relative to the folder of results.
        status: How it ended.
        code: Short reason of a failure.
        message: The reason in words.
        seconds: Time spent on it.
        width: Columns; 0 where unknown.
        height: Rows, likewise.
        warnings: Short codes of what was not kept.
        model: Name of the model.
        preset: Its size.
        checkpoint_sha256: Of its weights; empty for a model without.
        controls: Strengths that were asked for.
        device: What it ran on.
        precision: Number format.
        run: Name of the run, which starts with its time.
        version: Of this program.
    """

    name: str
    source: Path
    output: Path | None
    status: Status
    place: PurePath = NOWHERE
    code: str = ""
    message: str = ""
    seconds: float = 0.0
    width: int = 0
    height: int = 0
    warnings: tuple[str, ...] = ()
    model: str = ""
    preset: str = ""
    checkpoint_sha256: str = ""
    controls: Mapping[str, float] = field(default_factory=dict)
    device: str = ""
    precision: str = ""
    run: str = ""
    version: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether no result was made though one was wanted."""
        return self.status in ("failed", "conflict")

    @property
    def shown_output(self) -> Path | None:
        """The result, if there should be one on disk; what was skipped need not have any."""
        wanted = self.status == "ok" or (self.status == "skipped" and self.output and self.output.is_file())
        return self.output if wanted else None


def record_of(entry: Mapping[str, Any], folder: Path) -> Record:
    """Reads one line of a manifest; keys that are missing or new do no harm.

    Args:
        entry: The keys of the line.
        folder: Folder of the results, to which outputs are relative.
    """
    error = entry.get("error") or {}
    output = entry.get("output")
    return Record(
        name=_plain(str(entry.get("input") or entry.get("source"))),
        source=Path(entry.get("source") or entry["input"]),
        output=folder / output if output else None,
        status=entry["status"],
        place=PurePath(output or ""),
        code=error.get("code", ""),
        message=error.get("msg", ""),
        seconds=float(entry.get("seconds") or 0.0),
        width=int(entry.get("w") or 0),
        height=int(entry.get("h") or 0),
        warnings=tuple(entry.get("warnings") or ()),
        controls={name: value for name, value in (entry.get("controls") or {}).items() if value is not None},
        **{name: str(entry.get(name) or "") for name in _WORDS},
    )


def _plain(name: str) -> str:
    """A name without the stand-ins for bytes that are not UTF-8, which no file of text can hold."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
