"""Names results from a template, and finds other names when one is taken."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path, PurePath
from string import Formatter

from lowlight_cli import defaults
from lowlight_cli.errors import UsageError
from lowlight_cli.images.formats import FORMATS, format_of, result_format
from lowlight_cli.images.taken import taken_at

TEMPLATE = defaults.NAME_TEMPLATE
PLACEHOLDERS = ("stem", "suffix", "ext", "model", "n", "parent", "date", "time")

_EXTENSION = "{ext}"
_DATED = ("date", "time")
_SAMPLE_MOMENT = datetime(2000, 1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Naming:
    """How results are named after their inputs.

    Attributes:
        template: Name with placeholders: ``stem``, ``suffix``, ``ext`` including its dot, ``model``, ``n``
            (counts from 1), ``parent`` (name of the input's folder), ``date`` (2026-01-31; ``{date:%Y}`` is
            the year) and ``time`` (235959) of the exposure; a slash makes a folder. ``{ext}`` is added if it
            is absent.
        suffix: Text for the placeholder ``suffix``.
        format_name: Name in ``FORMATS`` of all results; None keeps the format of each input.
        sixteen_bit: Whether outputs have 16 bits per channel; decides the format of those whose input
            format cannot be written.
        model: Name of the model.
    """

    template: str = TEMPLATE
    suffix: str = ""
    format_name: str | None = None
    sixteen_bit: bool = False
    model: str = ""

    def check(self) -> None:
        """Validates the template.

        Raises:
            UsageError: It has an unknown placeholder, or does not give valid names.
        """
        try:
            fields = self._fields
            unknown = [field for field in fields if field not in PLACEHOLDERS]
            if unknown:
                known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
                raise UsageError(f"--name: unknown placeholder '{{{unknown[0]}}}'; known: {known}")
            name = self._filled(Path("parent/stem.jpg"), ".jpg", 1, _SAMPLE_MOMENT)
        except (ValueError, KeyError, IndexError) as error:
            raise UsageError(f"--name '{self.template}': {error}") from None
        if not self._whole.endswith(_EXTENSION):
            raise UsageError("--name must end in {ext}, as the extension sets the format")
        if self.suffix and "suffix" not in fields:
            raise UsageError("--suffix has no effect without {suffix} in --name")
        if name.is_absolute() or ".." in name.parts or "\0" in str(name):
            raise UsageError(f"--name '{self.template}' leads out of the output folder")

    def result(self, source: Path, number: int, *, original: Path) -> Path:
        """Path of a result.

        Args:
            source: Path of the input, relative to the root of the mirrored tree.
            number: Number of the input, from 1.
            original: Path of the input on disk; its header is read only if the template has a date or time.
        """
        extension = self._extension(source)
        if self.template == TEMPLATE and not self.suffix and extension == source.suffix:
            return source  # fast path for most names
        parent = original.absolute().parent.name
        moment = taken_at(original) if any(field in _DATED for field in self._fields) else _SAMPLE_MOMENT
        return source.parent / self._filled(Path(parent, source.name), extension, number, moment)

    @property
    def _fields(self) -> list[str]:
        """Names of the placeholders in the template."""
        return [field for _, field, _, _ in Formatter().parse(self.template) if field is not None]

    @property
    def _whole(self) -> str:
        """The template, which gets an extension if it has none."""
        return self.template if _EXTENSION in self.template else self.template + _EXTENSION

    def _filled(self, source: Path, extension: str, number: int, moment: datetime) -> PurePath:
        values = {
            "stem": source.stem,
            "suffix": self.suffix,
            "ext": extension,
            "model": self.model,
            "n": number,
            "parent": source.parent.name,
            "date": moment.date(),
            "time": f"{moment:%H%M%S}",
        }
        return PurePath(self._whole.format(**values))

    def _extension(self, source: Path) -> str:
        format_name = format_of(source)
        result_name = self.format_name
        if format_name is not None:
            result_name = result_format(format_name, self.format_name, sixteen_bit=self.sixteen_bit)
        return source.suffix if result_name in (None, format_name) else FORMATS[str(result_name)].suffixes[0]


def alternative_names(target: Path, source_name: str) -> Iterator[Path]:
    """Yields other names for a result whose name is taken: ``x.png.jpg``, ``x-2.jpg``, ``x-3.jpg`` and so on.

    Args:
        target: The name that is taken.
        source_name: Name of the input.
    """
    if Path(source_name).suffix.lower() != target.suffix.lower():
        yield target.with_name(source_name + target.suffix)
    yield from (target.with_name(f"{target.stem}-{number}{target.suffix}") for number in count(2))
