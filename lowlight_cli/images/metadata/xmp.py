"""Adapts XMP packets to an enhanced copy, and removes private properties.

Source: ISO 16684-1 and Adobe's XMP specification, part 2 (names).
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from xml.sax.saxutils import escape

from lowlight_cli.images.metadata.xmp_document import (
    RDF,
    RDF_END,
    RDF_START,
    Document,
    Edit,
    Name,
    read_document,
)

_XMP, _NOTE = "http://ns.adobe.com/xap/1.0/", "http://ns.adobe.com/xmp/note/"
_MEDIA, _EVENT = "http://ns.adobe.com/xap/1.0/mm/", "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
_TIFF, _EXIF = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
_LENS, _EXIF_EXTENDED = "http://ns.adobe.com/exif/1.0/aux/", "http://cipa.jp/exif/1.0/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_IPTC_CORE = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
_IPTC_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_GOOGLE = "http://ns.google.com/photos/1.0/"
_PHONE_CAMERA = frozenset(
    {"MotionPhoto", "MotionPhotoVersion", "MotionPhotoPresentationTimestampUs"}
    | {"MicroVideo", "MicroVideoVersion", "MicroVideoOffset", "MicroVideoPresentationTimestampUs"}
)

_STALE = frozenset(
    {Name(_XMP, "Thumbnails"), Name(_XMP, "PageInfo"), Name(_NOTE, "HasExtendedXMP")}
    | {Name(f"{_GOOGLE}camera/", local) for local in _PHONE_CAMERA}
)
"""Thumbnails of the dark input, and properties that locate data appended to its file."""

_STALE_NAMESPACES = (
    f"{_GOOGLE}container/",
    f"{_GOOGLE}image/",
    f"{_GOOGLE}depthmap/",
    "http://ns.adobe.com/hdr-gain-map/1.0/",
)
"""Namespaces of properties that locate an appended video, depth map or gain map."""

_PRIVATE = frozenset(
    {Name(_LENS, local) for local in ("SerialNumber", "LensSerialNumber", "OwnerName")}
    | {Name(_EXIF_EXTENDED, local) for local in ("BodySerialNumber", "LensSerialNumber")}
    | {Name(_EXIF_EXTENDED, local) for local in ("CameraOwnerName", "ImageEditor")}
    | {Name(_PHOTOSHOP, local) for local in ("City", "State", "Country")}
    | {Name(_IPTC_CORE, local) for local in ("Location", "CountryCode")}
    | {Name(_IPTC_EXTENSION, local) for local in ("LocationCreated", "LocationShown")}
    | {Name(_EXIF, "ImageUniqueID")}
)
"""Location, serial numbers and owner, as in EXIF; names that start with GPS are handled below."""

_ORIENTATION_TEXT = re.compile(rb"""(tiff:Orientation(?:=["']|>))[2-8]""")
"""Text that Pillow and others read as the orientation, regardless of the namespace of its prefix."""

_EMPTY = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    + RDF_START
    + RDF_END
    + b'\n<?xpacket end="w"?>'
)


def portable_xmp(xmp: bytes, width: int, height: int) -> bytes:
    """A packet for an upright copy: orientation and sizes of the copy, no thumbnails.

    Args:
        xmp: One packet.
        width: Columns of the copy.
        height: Rows of the copy.

    Raises:
        ValueError: The packet is damaged.
    """
    facts = {
        Name(_TIFF, "Orientation"): 1,
        **dict.fromkeys((Name(_TIFF, "ImageWidth"), Name(_EXIF, "PixelXDimension")), width),
        **dict.fromkeys((Name(_TIFF, "ImageLength"), Name(_EXIF, "PixelYDimension")), height),
    }
    document = read_document(xmp)
    stale = _removals(document, lambda n: n in _STALE or n.namespace in _STALE_NAMESPACES)
    edited = document.edited([*stale, *_corrections(document, facts)])
    return _ORIENTATION_TEXT.sub(rb"\g<1>1", edited)


def xmp_without_private(xmp: bytes) -> bytes:
    """The packet without location, serial numbers and owner.

    Raises:
        ValueError: The packet is damaged.
    """
    document = read_document(xmp)
    places = (_EXIF, _EXIF_EXTENDED)
    return document.edited(
        _removals(document, lambda n: n in _PRIVATE or (n.local.startswith("GPS") and n.namespace in places))
    )


def xmp_processed_by(xmp: bytes, software: str) -> bytes:
    """Adds an entry to the history, without a date, so that equal images give equal files.

    Args:
        xmp: One packet, or empty for a new one.
        software: Program, version and model.

    Raises:
        ValueError: The packet is damaged.
    """
    return _with_history(xmp, software) if xmp else _new_packet(software)


@cache
def _new_packet(software: str) -> bytes:
    """A packet with a history only; equal for all images of a run without a packet."""
    return _with_history(_EMPTY, software)


def _with_history(xmp: bytes, software: str) -> bytes:
    document = read_document(xmp)
    line = (
        f'<rdf:li xmlns:rdf="{RDF}" xmlns:stEvt="{_EVENT}" rdf:parseType="Resource">'
        f"<stEvt:action>edited</stEvt:action>"
        f"<stEvt:softwareAgent>{escape(software)}</stEvt:softwareAgent></rdf:li>"
    )
    place = _end_of_history(document)
    if place is None:
        line = (
            f'<rdf:Description xmlns:rdf="{RDF}" rdf:about="" xmlns:xmpMM="{_MEDIA}">'
            f"<xmpMM:History><rdf:Seq>{line}</rdf:Seq></xmpMM:History></rdf:Description>"
        )
        place = document.end_of_rdf
    return document.edited([Edit(place, place, line.encode())])


def _removals(document: Document, unwanted: Callable[[Name], bool]) -> Iterator[Edit]:
    for element in document.elements:
        if unwanted(element.name):
            yield Edit(element.start, element.end)
        yield from (Edit(a.start, a.end) for a in element.attributes if unwanted(a.name))


def _corrections(document: Document, facts: dict[Name, int]) -> Iterator[Edit]:
    """Edits that replace the values of properties in place."""
    for element in document.elements:
        if element.name in facts and element.close > element.inner:
            yield Edit(element.inner, element.close, str(facts[element.name]).encode())
        for attribute in element.attributes:
            if attribute.name in facts:
                quoted = f'"{facts[attribute.name]}"'.encode()
                # A name contains no quotes, so the value follows the first equals sign.
                start = document.data.index(b"=", attribute.start) + 1
                yield Edit(start, attribute.end, quoted)


def _end_of_history(document: Document) -> int | None:
    """Offset at which to append to an existing history; None if there is none."""
    history = document.first(Name(_MEDIA, "History"))
    if history is None:
        return None
    lists = document.children(document.elements.index(history))
    return next((e.close for e in lists if e.name == Name(RDF, "Seq") and e.close > e.inner), None)
