"""Makes photos with rich metadata, with Pillow or byte by byte, independent of the package."""

import struct
from io import BytesIO
from typing import NamedTuple

import numpy
import tifffile
from PIL import Image, PngImagePlugin, TiffImagePlugin

MAKER_NOTE = b"MAKER\0" + bytes(range(1, 200))
THUMBNAIL = b"\xff\xd8THUMBNAIL OF THE DARK PHOTO\xff\xd9"

XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/"
    tiff:Orientation="6" tiff:ImageWidth='48'
    exif:GPSLatitude="48,30N" aux:SerialNumber="SERIAL77" photoshop:City="Paris"
    photoshop:Instructions="one&#xA;two &quot;three&quot; &lt;four&gt;">
   <exif:PixelXDimension>48</exif:PixelXDimension>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Nächtliche Straße</rdf:li></rdf:Alt></dc:title>
   <xmp:Rating>4</xmp:Rating>
   <xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType="Resource">
     <xmpGImg:image>THUMBNAILINXMP</xmpGImg:image></rdf:li></rdf:Alt></xmp:Thumbnails>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
{padding}
<?xpacket end="w"?>""".replace("{padding}", " " * 97).encode()


def record(number: int, text: bytes, group: int = 2) -> bytes:
    """One IPTC-IIM record."""
    return b"\x1c" + struct.pack(">BBH", group, number, len(text)) + text


def resource(number: int, data: bytes) -> bytes:
    """One of Photoshop's image resources."""
    return b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + bytes(len(data) % 2)


RECORDS = record(90, b"\x1b%G", 1) + record(25, b"night") + record(25, b"lamp") + record(90, b"Paris")
RESOURCES = resource(1028, RECORDS) + resource(1036, THUMBNAIL) + resource(1033, THUMBNAIL)
RESOURCES += resource(1005, bytes(16))


def camera_exif(orientation: int = 6, order: str = "<") -> Image.Exif:
    """EXIF as a camera writes it, with tags that must change and many that must not."""
    exif = Image.Exif()
    exif.endian = order
    exif[271], exif[272], exif[274], exif[305] = "Maker", "Model X", orientation, "Firmware 1.0"
    exif[315], exif[33432], exif[316] = "An Artist", "(c) An Artist", "my computer"
    exif[282] = exif[283] = TiffImagePlugin.IFDRational(300)
    details = exif.get_ifd(0x8769)
    details[0x9003], details[0x829A] = "2020:01:02 03:04:05", TiffImagePlugin.IFDRational(1, 60)
    details[0x8827], details[0x927C] = 3200, MAKER_NOTE
    details[0xA002], details[0xA003] = 48, 32
    details[0xA430], details[0xA431], details[0xA435] = "An Owner", "SERIAL123", "SERIAL456"
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", tuple(map(TiffImagePlugin.IFDRational, (48, 51, 30)))
    return exif


class Photo(NamedTuple):
    """A file and its format."""

    data: bytes
    format_name: str

    @property
    def image(self) -> Image.Image:
        """The file, opened by Pillow."""
        return Image.open(BytesIO(self.data))


def with_thumbnail(block: bytes) -> bytes:
    """An EXIF block with a second directory that points to a thumbnail."""
    prefix, block = block[:6], block[6:]
    order = "<" if block[:2] == b"II" else ">"
    (main,) = struct.unpack_from(order + "I", block, 4)
    (count,) = struct.unpack_from(order + "H", block, main)
    thumbnail = len(block) + 2 + 2 * 12 + 4
    second = struct.pack(order + "H", 2)
    second += struct.pack(order + "HHII", 513, 4, 1, thumbnail)
    second += struct.pack(order + "HHII", 514, 4, 1, len(THUMBNAIL)) + bytes(4)
    linked = bytearray(block)
    struct.pack_into(order + "I", linked, main + 2 + count * 12, len(block))
    return prefix + bytes(linked) + second + THUMBNAIL


def jpeg_with(*segments: tuple[int, bytes], size: tuple[int, int] = (48, 32)) -> bytes:
    """A JPEG with given segments (marker and content) after its first one."""
    file = BytesIO()
    Image.new("RGB", size, (20, 30, 40)).save(file, "JPEG")
    plain = file.getvalue()
    extra = (bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data for marker, data in segments)
    return plain[:20] + b"".join(extra) + plain[20:]


def blank(format_name: str) -> bytes:
    """An upright image of 32 x 48 pixels without metadata."""
    file = BytesIO()
    if format_name == "tiff":
        pixels = numpy.full((48, 32, 3), 9000, numpy.uint16)
        tifffile.imwrite(file, pixels, photometric="rgb", metadata=None, compression="adobe_deflate")
    else:
        name = {"jpg": "JPEG"}.get(format_name, format_name)
        Image.new("RGB", (32, 48), (90, 80, 70)).save(file, name)
    return file.getvalue()


def make_photo(format_name: str, orientation: int = 6, order: str = "<") -> Photo:
    """A photo of 48 x 32 stored pixels with EXIF and XMP, and IPTC if the format supports it."""
    exif = camera_exif(orientation, order)
    block = with_thumbnail(exif.tobytes())
    file, image = BytesIO(), Image.new("RGB", (48, 32), (20, 30, 40))
    if format_name == "jpg":
        xmp = b"http://ns.adobe.com/xap/1.0/\0" + XMP
        return Photo(jpeg_with((0xE1, block), (0xE1, xmp), (0xED, b"Photoshop 3.0\0" + RESOURCES)), "jpg")
    if format_name == "png":
        texts = PngImagePlugin.PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=True)
        profile = f"\niptc\n{len(RESOURCES):8}\n{RESOURCES.hex()}\n"
        texts.add_text("Raw profile type iptc", profile, zip=True)
        image.save(file, "PNG", exif=block, pnginfo=texts)
    elif format_name == "tiff":
        exif = Image.Exif()
        exif.load(block)  # so that Pillow knows of the further directories
        exif[700], exif[33723], exif[34377] = XMP, RECORDS, RESOURCES
        image.save(file, "TIFF", exif=exif)
    else:
        image.save(file, format_name.upper(), exif=block, xmp=XMP)
    return Photo(file.getvalue(), format_name)
