"""Tables from a name to a thing: explicit, frozen, and helpful about a misspelt name."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Generic, TypeVar

from lowlight_cli.errors import UnknownNameError

Entry = TypeVar("Entry")


class Catalog(Mapping[str, Entry], Generic[Entry]):
    """Frozen table of named entries of one kind.

    Args:
        kind: What the entries are, in the singular, for messages: ``"model"``.
        entries: The table; its order is kept.
    """

    def __init__(self, kind: str, entries: Mapping[str, Entry]) -> None:
        self.kind = kind
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> Entry:
        """Gives the entry called ``name``.

        Raises:
            UnknownNameError: There is none; the message names the nearest or all.
        """
        try:
            return self._entries[name]
        except KeyError:
            near = get_close_matches(name, self._entries, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(self._entries)}"
            raise UnknownNameError(f"unknown {self.kind} '{name}'; {hint}") from None

    def __contains__(self, name: object) -> bool:
        """Whether there is an entry called so."""
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        """Names in order."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Number of entries."""
        return len(self._entries)
