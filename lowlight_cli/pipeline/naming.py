"""What results are called."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePath
from string import Formatter

from lowlight_cli import defaults
from lowlight_cli.errors import UsageError
from lowlight_cli.images.formats import FORMATS, format_of, result_format

TEMPLATE = defaults.NAME_TEMPLATE
PLACEHOLDERS = ("stem", "suffix", "ext", "model", "n", "parent")


@dataclass(frozen=True, slots=True)
class Naming:
    """How the name of a result is made from that of its input.

    Attributes:
        template: Name with placeholders: ``stem``, ``suffix``, ``ext`` with its dot, ``model``, ``n``, which
            counts from 1, and ``parent``, the folder of the input; a slash makes a folder.
        suffix: Text for the placeholder of that name.
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
        """Tries the template.

        Raises:
            UsageError: It holds an unknown placeholder, or would give names that are none.
        """
        try:
            fields = [field for _, field, _, _ in Formatter().parse(self.template) if field is not None]
            unknown = [field for field in fields if field not in PLACEHOLDERS]
            if unknown:
                known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
                raise UsageError(f"--name: unknown placeholder '{{{unknown[0]}}}'; known: {known}")
            name = self._filled(Path("parent/stem.jpg"), ".jpg", 1)
        except (ValueError, KeyError, IndexError) as error:
            raise UsageError(f"--name '{self.template}': {error}") from None
        if not self.template.endswith("{ext}"):
            raise UsageError("--name must end in {ext}: the ending of a name tells the format")
        if self.suffix and "suffix" not in fields:
            raise UsageError("--suffix has no effect, as --name does not hold {suffix}")
        if name.is_absolute() or ".." in name.parts or "\0" in str(name):
            raise UsageError(f"--name '{self.template}' leads out of the folder of the results")

    def result(self, source: Path, number: int, *, parent: str) -> Path:
        """Path of a result.

        Args:
            source: The input, relative to where the tree of inputs starts.
            number: Its place among the inputs, from 1.
            parent: Name of the folder of the input.
        """
        ending = self._ending(source)
        if self.template == TEMPLATE and not self.suffix and ending == source.suffix:
            return source  # most names, thousands of them
        return source.parent / self._filled(Path(parent, source.name), ending, number)

    def _filled(self, source: Path, ending: str, number: int) -> PurePath:
        words = {"stem": source.stem, "suffix": self.suffix, "ext": ending, "model": self.model, "n": number}
        return PurePath(self.template.format(**words, parent=source.parent.name))

    def _ending(self, source: Path) -> str:
        format_name = format_of(source)
        wanted = self.format_name
        if format_name is not None:
            wanted = result_format(format_name, self.format_name, sixteen_bit=self.sixteen_bit)
        return source.suffix if wanted in (None, format_name) else FORMATS[str(wanted)].suffixes[0]


def beside(target: Path, source_name: str) -> Iterator[Path]:
    """Other names for a result whose own is taken: ``x.png.jpg``, then ``x-2.jpg``, ``x-3.jpg`` and so on.

    Args:
        target: The name that is taken.
        source_name: Name of the input.
    """
    if Path(source_name).suffix.lower() != target.suffix.lower():
        yield target.with_name(source_name + target.suffix)
    yield from (target.with_name(f"{target.stem}-{number}{target.suffix}") for number in count(2))
