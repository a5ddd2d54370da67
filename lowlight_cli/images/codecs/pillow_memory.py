"""Reads the memory of Pillow's images where it lies, without Python's lock.

Pillow's own ways to copy pixels hold the lock, so that threads copy one at a time. It also offers its memory
by the Arrow C data interface (https://arrow.apache.org/docs/format/CDataInterface.html), whose struct this
module reads. A file of its own, because nothing else here deals with addresses.
"""

import ctypes

import cv2
import numpy as np
from PIL import Image

from lowlight_cli.images.picture import Samples


class _ArrowArray(ctypes.Structure):
    """``struct ArrowArray``; images of several channels have a child that holds the bytes."""


_ArrowArray._fields_ = [
    *((name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_ArrowArray))),
    ("dictionary", ctypes.POINTER(_ArrowArray)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]

_address_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)

_CHANNELS = 4
"""Bytes that Pillow keeps for a pixel of an RGB image; the fourth is not used."""


def rgb_of(image: Image.Image) -> Samples | None:
    """Samples of an RGB image, uint8 (h, w, 3); None for other modes and for memory in pieces.

    Args:
        image: Any loaded image; the memory of those above 16 MiB is in pieces.
    """
    if image.mode != "RGB":
        return None
    try:
        _, array = image.__arrow_c_array__()
    except ValueError:
        return None
    width, height = image.size
    place = _ArrowArray.from_address(_address_of(array, b"arrow_array")).children[0].contents.buffers[1]
    memory = (ctypes.c_uint8 * (height * width * _CHANNELS)).from_address(place)
    pixels = np.ctypeslib.as_array(memory).reshape(height, width, _CHANNELS)
    # ``array`` keeps Pillow's memory alive until the copy is made.
    return cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB)
