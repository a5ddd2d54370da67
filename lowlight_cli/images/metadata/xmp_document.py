"""Where the parts of an XMP packet lie in its bytes, so that edits leave all other bytes alone.

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
"""What stands around the properties."""

_DECLARATION = re.compile(rb"^\s*<\?xml\b[^>]*\?>\s*")
_PADDING = re.compile(rb"\s{64,}(?=<\?xpacket end)")
_OPENING_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=/>]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')""")


class Name(NamedTuple):
    """Namespace and name of an element or attribute."""

    namespace: str
    local: str


class Attribute(NamedTuple):
    """An attribute that is no declaration of a namespace.

    Attributes:
        name: What it is called.
        value: As XML understands it.
        start: Where the white space before it begins.
        end: Where its closing quote has been.
    """

    name: Name
    value: str
    start: int
    end: int


class Element(NamedTuple):
    """An element.

    Attributes:
        name: What it is called.
        start: Where its first tag begins.
        inner: Where its content begins.
        close: Where its content ends.
        end: Where its last tag has been.
        parent: Index of the element around it, -1 for none.
        attributes: Its attributes.
        namespaces: Its declarations, as ``xmlns:name="address"`` with their quotes.
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
    """Bytes from ``start`` to ``end`` to be replaced by ``text``."""

    start: int
    end: int
    text: bytes = b""


class Document(NamedTuple):
    """A packet.

    Attributes:
        data: UTF-8 without declaration and padding.
        elements: In the order of their first tags.
    """

    data: bytes
    elements: tuple[Element, ...]

    def first(self, name: Name) -> Element | None:
        """The first element called so."""
        return next((element for element in self.elements if element.name == name), None)

    def children(self, index: int) -> Iterator[Element]:
        """Elements directly inside the one at ``index``."""
        return (element for element in self.elements[index + 1 :] if element.parent == index)

    @property
    def end_of_rdf(self) -> int:
        """Where further descriptions can be put."""
        return self.elements[self.rdf].close

    @property
    def rdf(self) -> int:
        """Index of the element around all descriptions."""
        return next(i for i, element in enumerate(self.elements) if element.name == Name(RDF, "RDF"))

    def edited(self, edits: Iterable[Edit]) -> bytes:
        """The packet with parts replaced; an edit within a part that is replaced already is dropped."""
        pieces, position = [], 0
        for start, end, text in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
            if start >= position:
                pieces += [self.data[position:start], text]
                position = end
        return b"".join((*pieces, self.data[position:]))


def read_document(xmp: bytes) -> Document:
    """Finds the parts of a packet.

    Raises:
        ValueError: It is no well-formed XML, declares entities, is unreasonably large, or has no properties.
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
    """Collects elements from the events of the XML parser."""

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
