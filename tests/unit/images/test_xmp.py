"""XMP edits leave all other bytes unchanged, and large packets are split in JPEG."""

import struct
from xml.etree import ElementTree

import pytest

from lowlight_cli.images.metadata import xmp_document
from lowlight_cli.images.metadata.attach import attach_metadata, fit_metadata
from lowlight_cli.images.metadata.jpeg_segments import read_jpeg, read_segments
from lowlight_cli.images.metadata.policy import Metadata
from lowlight_cli.images.metadata.xmp import portable_xmp, xmp_processed_by, xmp_without_private
from lowlight_cli.images.metadata.xmp_extension import join_xmp, split_xmp
from tests.unit.images.photos import XMP, jpeg_with

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
TIFF, EXIF = "{http://ns.adobe.com/tiff/1.0/}", "{http://ns.adobe.com/exif/1.0/}"
MEDIA = "{http://ns.adobe.com/xap/1.0/mm/}"
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"


def properties(xmp):
    """Value of each property, from an attribute or element, by name."""
    found = {}
    for holder in ElementTree.fromstring(xmp).find(f"{RDF}RDF"):
        found |= holder.attrib
        found |= {child.tag: "".join(child.itertext()).strip() for child in holder}
    return {name: value for name, value in found.items() if name != f"{RDF}about"}


def packet(inner, *, names="", wrapper=True):
    rdf = f'<r:RDF xmlns:r="{RDF[1:-1]}" {names}>{inner}</r:RDF>'
    body = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf}</x:xmpmeta>'
    return f'<?xpacket begin=""?>{body}<?xpacket end="w"?>'.encode() if wrapper else body.encode()


def test_sizes_and_orientation_become_those_of_the_copy():
    before, after = properties(XMP), properties(portable_xmp(XMP, 32, 64))
    facts = {f"{TIFF}Orientation": "1", f"{TIFF}ImageWidth": "32", f"{EXIF}PixelXDimension": "32"}
    del before["{http://ns.adobe.com/xap/1.0/}Thumbnails"]
    assert after == before | facts
    assert after["{http://ns.adobe.com/photoshop/1.0/}Instructions"] == 'one\ntwo "three" <four>'


def test_bytes_that_need_no_change_are_not_touched():
    plain = packet(
        '<r:Description r:about="" xmlns:a = "urn:a"\n a:b=\'c&#10;d\'  ><!-- e --><a:f/></r:Description>'
    )
    assert portable_xmp(plain, 1, 2) == plain
    assert xmp_without_private(plain) == plain


def test_no_text_that_looks_like_an_orientation_turns_the_copy():
    for text in (b'xmlns:tiff="http://ns.ado`e.com/tiff/1.0/"', b'xmlns:tiff="urn:other"'):
        changed = XMP.replace(b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/"', text)
        assert changed != XMP
        assert b'tiff:Orientation="1"' in portable_xmp(changed, 32, 64)


def test_padding_is_dropped():
    assert len(XMP) - len(portable_xmp(XMP, 32, 64)) > 90


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_other_encodings_become_utf_8(encoding):
    text = packet('<r:Description r:about="" xmlns:a="urn:a" a:b="Straße"/>', wrapper=False).decode()
    for declared in ("", '<?xml version="1.0" encoding="UTF-16"?>\n'):
        found = portable_xmp((declared + text).encode(encoding), 1, 2)
        assert found.decode() == text


@pytest.mark.parametrize(
    "stale",
    [
        '<c:MotionPhoto xmlns:c="http://ns.google.com/photos/1.0/camera/">1</c:MotionPhoto>',
        '<c:Directory xmlns:c="http://ns.google.com/photos/1.0/container/"><r:Seq/></c:Directory>',
        '<h:Version xmlns:h="http://ns.adobe.com/hdr-gain-map/1.0/">1.0</h:Version>',
        '<i:Data xmlns:i="http://ns.google.com/photos/1.0/image/">AAAA</i:Data>',
        '<x:Thumbnails xmlns:x="http://ns.adobe.com/xap/1.0/"/>',
    ],
)
def test_what_the_copy_does_not_have_is_not_promised(stale):
    found = portable_xmp(packet(f'<r:Description r:about="">{stale}<k xmlns="urn:k"/></r:Description>'), 1, 2)
    assert list(properties(found)) == ["{urn:k}k"]


def test_private_properties_are_left_out_as_attributes_and_as_elements():
    lens = "http://ns.adobe.com/exif/1.0/aux/"
    inner = f'<r:Description r:about="" a:SerialNumber="1" xmlns:a="{lens}" a:Lens="50mm">'
    inner += "<a:OwnerName>An Owner</a:OwnerName>"
    inner += f'<e:GPSLongitude xmlns:e="{EXIF[1:-1]}">2,1E</e:GPSLongitude></r:Description>'
    assert properties(xmp_without_private(packet(inner))) == {f"{{{lens}}}Lens": "50mm"}


def test_a_line_is_added_to_the_history():
    first = xmp_processed_by(XMP, "lle 1 a")
    second = xmp_processed_by(first, "lle 2 b")
    agents = [
        element.text
        for element in ElementTree.fromstring(second).iter(
            f"{{{'http://ns.adobe.com/xap/1.0/sType/ResourceEvent#'}}}softwareAgent"
        )
    ]
    assert agents == ["lle 1 a", "lle 2 b"]
    assert len(list(ElementTree.fromstring(second).iter(f"{MEDIA}History"))) == 1
    assert {**properties(XMP), f"{MEDIA}History": "editedlle 1 a"} == properties(first)


@pytest.mark.parametrize(
    "damaged",
    [
        b"<x",
        b"no xml",
        b"<a/>",
        b"\xff\xfe\xff",
        b"<!DOCTYPE a [<!ENTITY b 'cc'>]>" + packet("<r:Description>&b;</r:Description>", wrapper=False),
        b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
        XMP[:-200],
        XMP.replace(b"48,30N", b"\xff\xfe"),
    ],
)
def test_damage_is_a_value_error(damaged):
    for change in (
        lambda xmp: portable_xmp(xmp, 1, 2),
        xmp_without_private,
        lambda xmp: xmp_processed_by(xmp, "a"),
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - any words will do
            change(damaged)


def test_packets_of_endless_parts_are_refused(monkeypatch):
    monkeypatch.setattr(xmp_document, "_MAX_ELEMENTS", 50)
    with pytest.raises(ValueError, match="complex"):
        portable_xmp(packet("<a/>" * 60), 1, 2)
    monkeypatch.setattr(xmp_document, "MAX_BYTES", 50)
    with pytest.raises(ValueError, match="large"):
        portable_xmp(packet("<a/>" * 60), 1, 2)


@pytest.fixture
def long_packet():
    large = "".join(f"<a:p{i}>{'x' * 30_000}</a:p{i}>" for i in range(5))
    return packet(
        f'<r:Description r:about="" a:small="s">{large}<a:q>q</a:q></r:Description>', names='xmlns:a="urn:a"'
    )


def test_large_packets_go_through_a_jpeg_in_parts(long_packet):
    metadata = Metadata(xmp=long_packet)
    assert fit_metadata(metadata, "jpg") == (metadata, ())
    data = attach_metadata(jpeg_with(), "jpg", metadata)
    parts = [s for s in read_segments(data) if s.data.startswith(b"http://ns.adobe.com/xmp/extension/")]
    assert len(parts) >= 2
    _, found, _, whole = read_jpeg(data)
    assert whole
    assert len(properties(long_packet)) == 7
    found = properties(portable_xmp(found, 1, 2))
    assert found == properties(long_packet)


@pytest.mark.parametrize("order", [(3, 1, 2, 0), (2, 2, 0, 3, 1), (1, 0, 3, 2)])
def test_parts_go_to_their_offsets_whatever_their_order(long_packet, order):
    """Parts follow the specification; one may be repeated, and precede the first packet."""
    first, identity, second = split_xmp(long_packet, 60_000)
    step = len(second) // 4 + 1
    parts = [
        (0xE1, EXTENSION + identity + struct.pack(">II", len(second), at) + second[at : at + step])
        for at in range(0, len(second), step)
    ]
    segments = [parts[number] for number in order]
    main = (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + first)
    for place in (0, 2, len(segments)):
        _, found, _, whole = read_jpeg(jpeg_with(*segments[:place], main, *segments[place:]))
        assert whole
        assert properties(found).items() >= properties(long_packet).items()


@pytest.mark.parametrize("change", ["missing", "moved", "size", "overlap"])
def test_parts_that_leave_a_hole_or_overlap_are_damage(long_packet, change):
    first, identity, second = split_xmp(long_packet, 60_000)
    size, half = len(second), len(second) // 2
    parts = [(size, 0, second[:half]), (size, half, second[half:])]
    parts[1:] = {
        "missing": [],
        "moved": [(size, half + 1, second[half:])],
        "size": [(size - 1, half, second[half:])],
        "overlap": [(size, half - 1, second[half:])],
    }[change]
    segments = [
        (0xE1, EXTENSION + identity + struct.pack(">II", size, at) + part) for size, at, part in parts
    ]
    _, found, _, whole = read_jpeg(jpeg_with((0xE1, b"http://ns.adobe.com/xap/1.0/\0" + first), *segments))
    assert not whole
    assert properties(found)["{urn:a}q"] == "q"


def test_a_part_that_is_missing_is_damage_and_the_first_packet_stays(long_packet):
    data = attach_metadata(jpeg_with(), "jpg", Metadata(xmp=long_packet))
    last = [s for s in read_segments(data) if s.data.startswith(b"http://ns.adobe.com/xmp/extension/")][-1]
    _, found, _, whole = read_jpeg(data[: last.start] + data[last.end :])
    assert not whole
    assert properties(portable_xmp(found, 1, 2))["{urn:a}q"] == "q"


def test_names_declared_around_a_moved_property_move_with_it(long_packet):
    first, identity, second = split_xmp(long_packet, 60_000)
    assert len(first) <= 60_000
    assert properties(join_xmp(first, {identity: second})).items() >= properties(long_packet).items()


def test_a_packet_that_cannot_be_split_is_left_out_with_a_warning():
    huge = packet(f'<r:Description r:about="" xmlns:a="urn:a" a:b="{"x" * 70_000}"/>')
    assert fit_metadata(Metadata(xmp=huge), "jpg") == (Metadata(), ("metadata",))
    assert fit_metadata(Metadata(xmp=huge), "png") == (Metadata(xmp=huge), ())
