"""Splits and joins XMP that exceeds a JPEG segment: the first packet refers to a second one.

Source: Adobe's XMP specification, part 3, section 1.1.3.1.
"""

import hashlib
import re
import struct

from lowlight_cli.images.metadata.xmp_document import (
    RDF,
    RDF_END,
    RDF_START,
    Document,
    Edit,
    Element,
    Name,
    read_document,
)

_NOTE = "http://ns.adobe.com/xmp/note/"
NAME_OF_EXTENSION = Name(_NOTE, "HasExtendedXMP")
"""Property of the first packet that holds the ID of the second one."""

_TAG_NAME = re.compile(rb"<[^\s/>]+")
_MAX_NOTE_BYTES = 250
_IDENTITY_SIZE = 32
_HEAD = struct.Struct(f">{_IDENTITY_SIZE}sII")
"""Header of a part: ID and size of the whole packet, and offset of the part in it."""


class ExtensionParts:
    """Collects parts of second packets from segments, in any order."""

    def __init__(self) -> None:
        self._parts: dict[tuple[bytes, int], dict[int, bytes]] = {}
        self._whole = True

    def add(self, content: bytes) -> None:
        """Adds the content of a segment, without its leading namespace."""
        if len(content) < _HEAD.size:
            self._whole = False
            return
        identity, size, offset = _HEAD.unpack_from(content)
        # In valid files, repeated segments are equal.
        self._parts.setdefault((identity, size), {}).setdefault(offset, content[_HEAD.size :])

    def joined(self) -> tuple[dict[bytes, bytes], bool]:
        """Complete packets by ID, and whether all are complete."""
        packets: dict[bytes, bytes] = {}
        whole = self._whole
        for (identity, size), parts in self._parts.items():
            offsets = sorted(parts)
            packet = b"".join(parts[offset] for offset in offsets)
            ends = [0, *(offset + len(parts[offset]) for offset in offsets)]
            if [*offsets, size] == ends:
                packets[identity] = packet
            else:
                whole = False
        return packets, whole


def join_xmp(xmp: bytes, extensions: dict[bytes, bytes]) -> bytes:
    """One packet with all properties.

    Args:
        xmp: The first packet.
        extensions: Second packets by ID.

    Raises:
        ValueError: A packet is damaged, or the second one is missing.
    """
    document = read_document(xmp)
    identity = _identity(document)
    if identity is None:
        return xmp
    if identity not in extensions:
        raise ValueError("the second part of the XMP is missing")
    further = read_document(extensions[identity])
    pieces = []
    for element in further.children(further.rdf):
        name = _TAG_NAME.match(further.data, element.start)
        declared = b"".join(b" " + text for text in _inherited(further, element))
        head = name[0] if name else b""
        pieces.append(head + declared + further.data[element.start + len(head) : element.end])
    place = document.end_of_rdf
    return document.edited([Edit(place, place, b"".join(pieces))])


def split_xmp(xmp: bytes, most: int) -> tuple[bytes, bytes, bytes]:
    """A first packet of at most ``most`` bytes, the ID of the second packet, and the second packet.

    The largest properties are moved to the second packet.

    Raises:
        ValueError: The packet is damaged, or cannot be made small enough.
    """
    document = read_document(xmp)
    moved, excess = [], len(document.data) + _MAX_NOTE_BYTES - most
    for element in sorted(_properties(document), key=lambda element: element.start - element.end):
        if excess > 0:
            moved.append(element)
            excess -= element.end - element.start
    if excess > 0:
        raise ValueError("XMP does not fit")
    second = RDF_START + b"".join(_description(document, element) for element in moved) + RDF_END
    identity = hashlib.md5(second, usedforsecurity=False).hexdigest().upper().encode()
    note = f'<rdf:Description xmlns:rdf="{RDF}" rdf:about="" xmlns:xmpNote="{_NOTE}" xmpNote:HasExtendedXMP="'
    place = document.end_of_rdf
    edits = [Edit(element.start, element.end) for element in moved]
    return document.edited([*edits, Edit(place, place, note.encode() + identity + b'"/>')]), identity, second


def _identity(document: Document) -> bytes | None:
    """ID of the second packet that the first one refers to; None without a second packet."""
    for element in document.elements:
        if element.name == NAME_OF_EXTENSION:
            return document.data[element.inner : element.close].strip()
        for attribute in element.attributes:
            if attribute.name == NAME_OF_EXTENSION:
                return attribute.value.encode()
    return None


def _properties(document: Document) -> list[Element]:
    """Property elements of all descriptions; properties written as attributes are small and not included."""
    rdf = document.rdf
    inside = {i for i, element in enumerate(document.elements) if element.parent == rdf}
    return [element for element in document.elements if element.parent in inside]


def _description(document: Document, element: Element) -> bytes:
    """A description of one property, with the namespace declarations it needs in another packet."""
    declared = b"".join(b" " + text for text in (*_inherited(document, element), *element.namespaces))
    text = document.data[element.start : element.end]
    return b'<rdf:Description rdf:about=""' + declared + b">" + text + b"</rdf:Description>"


def _inherited(document: Document, element: Element) -> list[bytes]:
    """Namespace declarations that an element inherits, without its own."""
    found = {_prefix(text): text for text in element.namespaces}
    own = set(found)
    while element.parent >= 0:
        element = document.elements[element.parent]
        found = {_prefix(text): text for text in element.namespaces} | found
    return [text for prefix, text in found.items() if prefix not in own]


def _prefix(declaration: bytes) -> bytes:
    return declaration.partition(b"=")[0].strip()
