"""Frozen tables from names to entries; an unknown name is an error that suggests the nearest one."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Generic, TypeVar

from lowlight_cli.errors import UnknownNameError

Entry = TypeVar("Entry")


class Catalog(Mapping[str, Entry], Generic[Entry]):
    """A frozen table of named entries of one kind.

    An entry with a true attribute ``hidden`` is found by its name, but never suggested.

    Args:
        kind: Kind of the entries in the singular, for messages, such as ``"model"``.
        entries: The table; its order is kept.
    """

    def __init__(self, kind: str, entries: Mapping[str, Entry]) -> None:
        self.kind = kind
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> Entry:
        """The entry of that name.

        Raises:
            UnknownNameError: There is none; the message suggests the nearest name, or lists all.
        """
        try:
            return self._entries[name]
        except KeyError:
            shown = [key for key, entry in self._entries.items() if not getattr(entry, "hidden", False)]
            near = get_close_matches(name, shown, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(shown)}"
            raise UnknownNameError(f"unknown {self.kind} '{name}'; {hint}") from None

    def __contains__(self, name: object) -> bool:
        """Whether the table has an entry of that name."""
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        """Names in order."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Number of entries."""
        return len(self._entries)
