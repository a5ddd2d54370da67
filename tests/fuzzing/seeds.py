"""Small sound files of every format that is read, to be damaged."""

from io import BytesIO

import numpy
import tifffile
from PIL import Image, ImageCms, features

from tests.unit.images.coded_files import avif, cicp, gama, png
from tests.unit.images.icc_bytes import back_table, forth_table, tables_icc
from tests.unit.images.photos import make_photo
from tests.unit.images.raw_bytes import make_lossy_dng
from tests.unit.images.tiff_bytes import Form, make_tiff, tiff_of

SIZE = (24, 18)


def seeds() -> dict[str, bytes]:
    """Files by a name that tells what they hold; the part before the first dash is the format."""
    found = {f"{name}-camera": make_photo(name).data for name in ("jpg", "png", "webp", "tiff")}
    found |= _jpegs() | _pngs() | _webps() | _tiffs() | _gifs() | _raws()
    if features.check("avif"):
        found |= _avifs()
    return found | _colors() | _heifs()


def _pixels(channels: int, kind: type = numpy.uint8) -> numpy.ndarray:
    top = numpy.iinfo(kind).max
    generator = numpy.random.default_rng(channels)
    smooth = numpy.linspace(0, 0.5 * top, SIZE[0])[None, :, None] + numpy.zeros((SIZE[1], 1, channels))
    return (smooth + generator.integers(0, top // 4, smooth.shape)).astype(kind)


def _picture(mode: str) -> Image.Image:
    return Image.fromarray(_pixels(3)).convert(mode)


def _saved(picture: Image.Image, name: str, **options: object) -> bytes:
    file = BytesIO()
    picture.save(file, name, **options)
    return file.getvalue()


def _moving(name: str, mode: str = "RGB", **options: object) -> bytes:
    frames = [_picture(mode).rotate(90 * turn) for turn in range(3)]
    return _saved(frames[0], name, save_all=True, append_images=frames[1:], duration=40, loop=0, **options)


def _jpegs() -> dict[str, bytes]:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return {
        "jpg-plain": _saved(_picture("RGB"), "JPEG"),
        "jpg-progressive": _saved(_picture("RGB"), "JPEG", progressive=True, subsampling=2),
        "jpg-gray": _saved(_picture("L"), "JPEG"),
        "jpg-cmyk": _saved(_picture("CMYK"), "JPEG"),
        "jpg-profile": _saved(_picture("RGB"), "JPEG", icc_profile=profile, restart_marker_rows=1),
        "jpg-two": _saved(_picture("RGB"), "MPO", save_all=True, append_images=[_picture("RGB")]),
    }


def _pngs() -> dict[str, bytes]:
    deep = Image.fromarray(_pixels(1, numpy.uint16)[..., 0])
    return {
        "png-palette": _saved(_picture("P"), "PNG", transparency=3),
        "png-bits": _saved(_picture("1"), "PNG"),
        "png-gray-alpha": _saved(_picture("LA"), "PNG"),
        "png-alpha": _saved(_picture("RGBA"), "PNG"),
        "png-deep-gray": _saved(deep, "PNG"),
        "png-moving": _moving("PNG", "RGBA"),
        "png-deep": _deep_png(),
    }


def _deep_png() -> bytes:
    import cv2

    return bytes(cv2.imencode(".png", _pixels(4, numpy.uint16))[1])


def _webps() -> dict[str, bytes]:
    return {
        "webp-plain": _saved(_picture("RGB"), "WEBP"),
        "webp-lossless": _saved(_picture("RGBA"), "WEBP", lossless=True),
        "webp-moving": _moving("WEBP"),
    }


def _tiffs() -> dict[str, bytes]:
    pages = BytesIO()
    with tifffile.TiffWriter(pages) as writer:
        writer.write(_pixels(3, numpy.uint16), photometric="rgb", compression="adobe_deflate", predictor=True)
        writer.write(_pixels(1)[..., 0], photometric="minisblack")
    tiled, planar, big = BytesIO(), BytesIO(), BytesIO()
    tifffile.imwrite(tiled, _pixels(4, numpy.uint16), photometric="rgb", extrasamples=[2], tile=(16, 16))
    tifffile.imwrite(planar, _pixels(3).transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
    tifffile.imwrite(big, _pixels(3, numpy.uint16), photometric="rgb", bigtiff=True)
    return {
        "tiff-pages": pages.getvalue(),
        "tiff-tiled": tiled.getvalue(),
        "tiff-planar": planar.getvalue(),
        "tiff-big": big.getvalue(),
        "tiff-lzw": _saved(_picture("RGB"), "TIFF", compression="tiff_lzw"),
        "tiff-cmyk": _saved(_picture("CMYK"), "TIFF"),
        "tiff-bits": _saved(_picture("1"), "TIFF", compression="group4"),
        "tiff-jpeg": _saved(_picture("RGB"), "TIFF", compression="jpeg"),
        **_rare_tiffs(),
    }


def _rare_tiffs() -> dict[str, bytes]:
    """Ten bits in planes and tiles, a palette of four bits, blocks of color, strips that are WebP files."""
    form = Form(10, order=">", big=True, planes=True, method=5, rows=16, columns=16)
    colors = numpy.arange(48) * 1365
    blocks = numpy.resize(_pixels(1), (SIZE[1] // 2, SIZE[0] // 2 * 6))
    webp = _saved(_picture("RGB"), "WEBP", lossless=True)
    size = {256: ("I", (SIZE[0],)), 257: ("I", (SIZE[1],)), 258: ("H", (8,) * 3), 277: ("H", (3,))}
    return {
        "tiff-ten": tiff_of(_pixels(3, numpy.uint16) >> 6, form, 2),
        "tiff-palette": tiff_of(_pixels(1) >> 4, Form(4, method=32773), 3, t320=("H", colors.tolist())),
        "tiff-blocks": make_tiff(size | {262: ("H", (6,)), 530: ("H", (2, 2))}, [blocks.tobytes()]),
        "tiff-webp": make_tiff(size | {259: ("H", (50001,)), 262: ("H", (2,))}, [webp]),
    }


def _gifs() -> dict[str, bytes]:
    return {"gif-plain": _saved(_picture("P"), "GIF"), "gif-moving": _moving("GIF", "P")}


def _avifs() -> dict[str, bytes]:
    return {
        "avif-plain": _saved(_picture("RGB"), "AVIF", exif=make_photo("jpg").image.info["exif"]),
        "avif-moving": _moving("AVIF"),
    }


def _heifs() -> dict[str, bytes]:
    try:
        import pillow_heif
    except ImportError:
        return {}
    file = BytesIO()
    pillow_heif.from_pillow(_picture("RGB")).save(file, format="HEIF")
    deep = BytesIO()
    pillow_heif.from_bytes("RGB;16", SIZE, _pixels(3, numpy.uint16).tobytes()).save(deep)
    return {"heif-plain": file.getvalue(), "heif-deep": deep.getvalue()}


def _colors() -> dict[str, bytes]:
    """Files that name the space of their colors."""
    one_way = tables_icc(A2B0=forth_table())
    found = {
        "png-codes": png(_pixels(3), cicp(9, 14)),
        "png-gamma": png(_pixels(1, numpy.uint16), gama(55_556)),
        "png-hdr": png(_pixels(3, numpy.uint16), cicp(9, 18)),
        "jpg-one-way": _saved(_picture("RGB"), "JPEG", icc_profile=one_way),
        "webp-tables": _saved(
            _picture("RGB"), "WEBP", icc_profile=tables_icc(A2B0=forth_table(), B2A0=back_table())
        ),
    }
    if features.check("avif"):
        found |= {"avif-codes": avif(_pixels(3), 12, 13), "avif-hdr": avif(_pixels(3), 9, 16)}
    return found


def _raws() -> dict[str, bytes]:
    """A digital negative with what LibRaw needs to develop it."""
    one, camera = (1, 1), "Camera"
    tags = [
        (271, 2, 0, "Maker", True),
        (272, 2, 0, camera, True),
        (274, 3, 1, 6, True),
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, (0, 1, 1, 2), True),
        (50706, 1, 4, (1, 4, 0, 0), True),
        (50708, 2, 0, camera, True),
        (50717, 4, 1, 65535, True),
        (50721, 10, 9, (*one, 0, 1, 0, 1, 0, 1, *one, 0, 1, 0, 1, 0, 1, *one), True),
        (50728, 5, 3, (*one, *one, *one), True),
        (50778, 3, 1, 21, True),
    ]
    file = BytesIO()
    mosaic = numpy.repeat(numpy.repeat(_pixels(1, numpy.uint16)[..., 0], 3, 0), 3, 1)
    tifffile.imwrite(file, mosaic, photometric="cfa", metadata=None, extratags=tags)
    return {"raw-negative": file.getvalue(), "raw-lossy": make_lossy_dng()[0]}
