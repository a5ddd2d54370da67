"""Names of classes: which are the same, and their indices."""

from collections.abc import Iterable, Sequence

from lowlight_cli.detection.collection import AnnotationError


def folded(name: str) -> str:
    """A name as it is compared: without case and surrounding blanks."""
    return name.strip().casefold()


class ClassNames:
    """Index of each class name, regardless of case and surrounding blanks.

    Args:
        names: All classes, in order.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._indices = {folded(name): index for index, name in enumerate(names)}

    def index(self, name: str, place: str) -> int:
        """Index of a class.

        Args:
            name: Name in the annotation.
            place: File and line, for the message.

        Raises:
            AnnotationError: There is no such class.
        """
        try:
            return self._indices[folded(name)]
        except KeyError:
            known = ", ".join(self.names[:20]) + (", ..." if len(self.names) > 20 else "")
            raise AnnotationError(place, f"unknown class '{name}'; known: {known}") from None


def merged_names(names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names that differ by more than case, each in its first spelling; and a note on each that was merged.

    Args:
        names: All names, in order.
    """
    spellings: dict[str, list[str]] = {}
    for name in names:
        spellings.setdefault(folded(name), []).append(name)
    notes = (
        f"classes {', '.join(map(repr, each))} are read as one: {each[0]!r}"
        for each in spellings.values()
        if len(each) > 1
    )
    return tuple(each[0] for each in spellings.values()), tuple(notes)


def repeated_name(names: Iterable[str]) -> str | None:
    """The first name that occurs a second time, regardless of case; None if all differ."""
    seen: set[str] = set()
    for name in names:
        if folded(name) in seen:
            return name
        seen.add(folded(name))
    return None


def check_unique(names: Sequence[str], place: str) -> None:
    """Refuses a list of classes in which indices would be ambiguous.

    Args:
        names: All classes, in order.
        place: File of the list.

    Raises:
        AnnotationError: A name occurs twice.
    """
    if (name := repeated_name(names)) is not None:
        raise AnnotationError(
            place, f"the class '{name}' occurs twice, regardless of case; rename one, or use --classes"
        )
