"""Locates the elements of an XMP packet in its bytes, so that edits leave all other bytes unchanged.

Source: ISO 16684-1 (XMP part 1: RDF/XML); Adobe's XMP specification part 3 for packets.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.parsers import expat

MAX_BYTES = 32 * 2**20
_MAX_ELEMENTS, _MAX_DEPTH = 200_000, 200
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDF_START = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'.encode()
RDF_END = b"</rdf:RDF></x:xmpmeta>"
"""Text before and after the properties of a new packet."""

_DECLARATION = re.compile(rb"^\s*<\?xml\b[^>]*\?>\s*")
_PADDING = re.compile(rb"\s{64,}(?=<\?xpacket end)")
_OPENING_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=/>]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')""")


class Name(NamedTuple):
    """Namespace and name of an element or attribute."""

    namespace: str
    local: str


class Attribute(NamedTuple):
    """An attribute other than a namespace declaration.

    Attributes:
        name: Its name.
        value: Its value, with entities resolved.
        start: Offset of the white space before it.
        end: Offset after its closing quote.
    """

    name: Name
    value: str
    start: int
    end: int


class Element(NamedTuple):
    """An element.

    Attributes:
        name: Its name.
        start: Offset of its start tag.
        inner: Offset of its content.
        close: Offset of the end of its content.
        end: Offset after its end tag.
        parent: Index of its parent element, -1 for none.
        attributes: Its attributes.
        namespaces: Its namespace declarations, as ``xmlns:name="address"`` with quotes.
    """

    name: Name
    start: int
    inner: int
    close: int
    end: int
    parent: int
    attributes: tuple[Attribute, ...]
    namespaces: tuple[bytes, ...]


class Edit(NamedTuple):
    """Replacement of the bytes from ``start`` to ``end`` by ``text``."""

    start: int
    end: int
    text: bytes = b""


class Document(NamedTuple):
    """A parsed packet.

    Attributes:
        data: Its text in UTF-8, without XML declaration and padding.
        elements: Its elements in the order of their start tags.
    """

    data: bytes
    elements: tuple[Element, ...]

    def first(self, name: Name) -> Element | None:
        """The first element of that name."""
        return next((element for element in self.elements if element.name == name), None)

    def children(self, index: int) -> Iterator[Element]:
        """Child elements of the element at ``index``."""
        return (element for element in self.elements[index + 1 :] if element.parent == index)

    @property
    def end_of_rdf(self) -> int:
        """Offset at which to insert further descriptions."""
        return self.elements[self.rdf].close

    @property
    def rdf(self) -> int:
        """Index of the element ``rdf:RDF``, which contains all descriptions."""
        return next(i for i, element in enumerate(self.elements) if element.name == Name(RDF, "RDF"))

    def edited(self, edits: Iterable[Edit]) -> bytes:
        """The packet with edits applied; an edit inside the range of an earlier one is dropped."""
        pieces, position = [], 0
        for start, end, text in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
            if start >= position:
                pieces += [self.data[position:start], text]
                position = end
        return b"".join((*pieces, self.data[position:]))


def read_document(xmp: bytes) -> Document:
    """Parses a packet.

    Raises:
        ValueError: It is not well-formed XML, has a document type, is too large, or has no ``rdf:RDF``.
    """
    data = _as_utf8(xmp)
    document = Document(data, tuple(_Reader(data).elements()))
    rdf = document.first(Name(RDF, "RDF"))
    if rdf is None or rdf.close == rdf.end:
        raise ValueError("XMP packet without properties")
    return document


def _as_utf8(xmp: bytes) -> bytes:
    if len(xmp) > MAX_BYTES:
        raise ValueError("XMP packet is too large")
    text = xmp.strip(b"\0")
    if text[:2] in (b"\xfe\xff", b"\xff\xfe"):
        # A zero byte of the last character may have been stripped above.
        text = text.ljust(len(text) + len(text) % 2, b"\0").decode("utf-16").encode()
    text = _DECLARATION.sub(b"", text.removeprefix(b"\xef\xbb\xbf"))
    return _PADDING.sub(b"\n", text)


class _Reader:
    """Collects elements and their offsets from the events of the XML parser."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._found: list[Element] = []
        self._open: list[int] = []
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.ordered_attributes = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse

    def elements(self) -> list[Element]:
        try:
            self._parser.Parse(self._data, True)
        except expat.ExpatError as error:
            raise ValueError(f"XMP packet: {error}") from error
        return self._found

    def _start(self, name: str, attributes: list[str]) -> None:
        start = self._parser.CurrentByteIndex
        tag = _OPENING_TAG.match(self._data, start)
        if tag is None or len(self._found) == _MAX_ELEMENTS or len(self._open) == _MAX_DEPTH:
            raise ValueError("XMP packet is too complex")
        namespaces, places = [], []
        for match in _ATTRIBUTE.finditer(self._data, start, tag.end()):
            if match[1].partition(b":")[0] == b"xmlns":
                namespaces.append(match[0].strip())
            else:
                places.append(match.span())
        pairs = zip(attributes[::2], attributes[1::2], places, strict=True)
        found = tuple(Attribute(_name(name), value, *place) for name, value, place in pairs)
        parent = self._open[-1] if self._open else -1
        self._open.append(len(self._found))
        end = tag.end()
        self._found.append(Element(_name(name), start, end, end, end, parent, found, tuple(namespaces)))

    def _end(self, name: str) -> None:
        index = self._open.pop()
        element = self._found[index]
        if not self._data.endswith(b"/>", 0, element.inner):
            close = self._parser.CurrentByteIndex
            end = self._data.index(b">", close) + 1
            self._found[index] = element._replace(close=close, end=end)

    def _refuse(self, *declaration: object) -> None:
        raise ValueError("XMP packet with a document type")


def _name(joined: str) -> Name:
    namespace, _, local = joined.rpartition(" ")
    return Name(namespace, local)
