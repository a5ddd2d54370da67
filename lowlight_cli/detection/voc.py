"""Pascal VOC format: one XML file for each image.

Source: Everingham et al., "The Pascal Visual Object Classes (VOC) Challenge", 2010, and its development kit.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import unescape

from lowlight_cli.detection.annotated_images import AnnotatedImages
from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.class_names import ClassNames, merged_names
from lowlight_cli.detection.collection import AnnotationError, BoxSpace, Collection, Sample
from lowlight_cli.detection.files import AnnotationFile, annotation_files, files_below, images_below, number
from lowlight_cli.detection.image_index import AmbiguousImageError, ImageIndex
from lowlight_cli.detection.official_split import official_split
from lowlight_cli.images.formats import format_of

VOC_CLASSES = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)
"""Classes of VOC 2007 and 2012, in alphabetical order."""


def parse_voc(file: AnnotationFile, classes: ClassNames, *, inclusive: bool) -> Sample:
    """Boxes of one annotation; ``Sample.image`` is only the stated file name.

    Args:
        file: XML file with an ``annotation`` element.
        classes: Known classes.
        inclusive: Whether pixels count from 1 and the box includes the last one, as in VOC itself; otherwise
            numbers are edges from 0, as most programs and ExDark's XML write them.

    Raises:
        AnnotationError: The file is not XML, a class is unknown, or a box has not four numbers.
    """
    root = _root(file)
    boxes = tuple(_box(element, file, classes, inclusive=inclusive) for element in root.iter("object"))
    name = (root.findtext("filename") or "").strip() or file.path.stem
    return Sample(name, Path(name), boxes, file.path, stated_size=_size(root, file))


def _root(file: AnnotationFile) -> ElementTree.Element:
    if b"<!DOCTYPE" in file.data or b"<!ENTITY" in file.data:
        raise AnnotationError(str(file.path), "document types and entities are not supported")
    try:
        root = ElementTree.fromstring(file.data)
    except ElementTree.ParseError as error:
        raise AnnotationError(f"{file.path}:{error.position[0]}", f"not XML: {error.msg}") from error
    if root.tag.casefold() != "annotation":
        raise AnnotationError(str(file.path), f"the root element is '{root.tag}', not 'annotation'")
    return root


def _size(root: ElementTree.Element, file: AnnotationFile) -> tuple[int, int] | None:
    if root.find("size/width") is None or root.find("size/height") is None:
        return None
    width, height = (
        number(root.findtext(f"size/{side}"), str(file.path), side) for side in ("width", "height")
    )
    # Some programs write zeros if they do not know the size.
    return (int(width), int(height)) if width > 0 and height > 0 else None


def _box(element: ElementTree.Element, file: AnnotationFile, classes: ClassNames, *, inclusive: bool) -> Box:
    name = (element.findtext("name") or "").strip()
    place = f"{file.path}:{_line(file, name)}"
    label = classes.index(name, place)
    if element.find("bndbox") is None:
        raise AnnotationError(place, f"the object '{name}' has no bndbox")
    left, top, right, bottom = (
        number(element.findtext(f"bndbox/{edge}"), place, edge) for edge in ("xmin", "ymin", "xmax", "ymax")
    )
    box = Box(
        label, left, top, right, bottom, difficult=(element.findtext("difficult") or "0").strip() == "1"
    )
    return replace(box, left=left - 1, top=top - 1) if inclusive else box


def _line(file: AnnotationFile, name: str) -> int:
    """First line that names a class; the parser gives no line."""
    before, found, _ = file.data.partition(f">{name}<".encode())
    return before.count(b"\n") + 1 if found else 1


def read_voc(
    folder: Path,
    classes: Sequence[str] | None = None,
    *,
    preferred: Sequence[str] = (),
    inclusive: bool = False,
    needs_images: bool = True,
) -> Collection:
    """Reads a folder of images and XML files, as in VOC2012 or in ``ExDark/Annotations``.

    Args:
        folder: Folder with both; ``train.txt``, ``val.txt`` and ``test.txt`` below it give the split.
        classes: Names in order; None takes those that occur, in alphabetical order.
        preferred: Names to take instead, in this order, if ``classes`` is None and no others occur.
        inclusive: As in ``parse_voc``.
        needs_images: Whether annotations without an image are left out.

    Raises:
        AnnotationError: The lists of splits contradict each other.
    """
    files = list(annotation_files(folder, ".xml"))
    found, notes = (classes, ()) if classes else _names_in(files, preferred)
    names = ClassNames(found)
    images = ImageIndex(images_below(folder))
    split = official_split(files_below(folder))
    annotated = AnnotatedImages(images.paths, split.of)
    annotated.errors += split.errors
    annotated.leave_out(filter(split.is_broken, images.paths))
    for file in files:
        try:
            image = _image_of(file, images)
        except AmbiguousImageError as error:
            annotated.fail_ambiguous(error)
            continue
        try:
            sample = parse_voc(file, names, inclusive=inclusive)
        except AnnotationError as error:
            annotated.fail(error, [image] if image else [])
            continue
        if image is None and needs_images:
            annotated.miss(file.path)
        else:
            place = image or Path(_image_name(file, sample))
            named = replace(sample, name=place.name, image=place, split=split.of(place))
            annotated.add(named, image or file.path.parent / place)
    return annotated.collection("voc", names.names, BoxSpace.BY_SIZE, notes)


def _image_of(file: AnnotationFile, images: ImageIndex) -> Path | None:
    """The image that an annotation is named after, or else the one that it states.

    Raises:
        AmbiguousImageError: Several images fit.
    """
    found = images.called(file.path.stem)
    if len(found) == 1:
        return found[0]
    name, folder = _stated_place(file)
    return images.of(file.path, found or images.called(name), stated=name, folder=folder)


def _stated_place(file: AnnotationFile) -> tuple[str, str]:
    """File name and folder of the image as an annotation states them, also if it is invalid; empty if not."""
    name, path, folder = (_stated(file, key).replace("\\", "/") for key in ("filename", "path", "folder"))
    above, _, name = name.rpartition("/")
    stated = above or path.rpartition("/")[0] or folder
    return name, stated.rstrip("/").rpartition("/")[2]


def _stated(file: AnnotationFile, key: str) -> str:
    """Text of an element of an annotation, also if it is invalid; empty if there is none."""
    try:
        return (_root(file).findtext(key) or "").strip()
    except AnnotationError:
        found = re.search(rf"<{key}>([^<]+)</{key}>".encode(), file.data)
        return unescape(found[1].decode("utf-8", "replace")).strip() if found else ""


def _image_name(file: AnnotationFile, sample: Sample) -> str:
    """File name of a missing image; ExDark's annotations are named after it with ``.xml`` appended."""
    return next(
        (name for name in (file.path.stem, sample.name) if format_of(Path(name))), f"{file.path.stem}.jpg"
    )


def _names_in(
    files: Sequence[AnnotationFile], preferred: Sequence[str]
) -> tuple[Sequence[str], Sequence[str]]:
    """Classes that occur, in alphabetical order, or all preferred ones if no others occur; and notes."""
    found: dict[str, None] = {}
    for file in files:
        try:
            found |= dict.fromkeys(
                (each.findtext("name") or "").strip() for each in _root(file).iter("object")
            )
        except AnnotationError:
            continue
    found.pop("", None)
    names, notes = merged_names(found)
    return preferred if names and set(names) <= set(preferred) else sorted(names), notes


def write_voc(
    sample: Sample, size: tuple[int, int], classes: Sequence[str], write: Callable[[float], str] = repr
) -> str:
    """XML of one image, with edges in pixels from 0.

    Args:
        sample: File name and boxes in pixels.
        size: Width and height of the image.
        classes: Names by index.
        write: Converts a coordinate to text.
    """
    root = ElementTree.Element("annotation")
    ElementTree.SubElement(root, "filename").text = sample.image.name
    sides = ElementTree.SubElement(root, "size")
    for side, pixels in zip(("width", "height", "depth"), (*size, 3), strict=True):
        ElementTree.SubElement(sides, side).text = str(pixels)
    for box in sample.boxes:
        element = ElementTree.SubElement(root, "object")
        for key, value in (
            ("name", classes[box.label]),
            ("pose", "Unspecified"),
            ("truncated", "0"),
            ("difficult", str(int(box.difficult))),
        ):
            ElementTree.SubElement(element, key).text = value
        edges = ElementTree.SubElement(element, "bndbox")
        for key, edge in zip(("xmin", "ymin", "xmax", "ymax"), box.edges, strict=True):
            ElementTree.SubElement(edges, key).text = write(edge)
    ElementTree.indent(root, "\t")
    return ElementTree.tostring(root, encoding="unicode") + "\n"
