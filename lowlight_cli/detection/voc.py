"""Pascal VOC format: one XML file for each image.

Source: Everingham et al., "The Pascal Visual Object Classes (VOC) Challenge", 2010, and its development kit.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.collection import AnnotationError, BoxSpace, ClassNames, Collection, Sample
from lowlight_cli.detection.exdark import official_split
from lowlight_cli.detection.files import (
    AnnotationFile,
    ImageIndex,
    annotation_files,
    files_below,
    images_below,
    number,
)
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
    """
    files = list(annotation_files(folder, ".xml"))
    names = ClassNames(classes or _names_in(files, preferred))
    images = ImageIndex(images_below(folder))
    splits = official_split(files_below(folder))
    samples, missing, errors, used = [], [], [], set()
    for file in files:
        image = images.find(file.path.stem)
        try:
            sample = parse_voc(file, names, inclusive=inclusive)
        except AnnotationError as error:
            errors.append(error)
            used.add(image or _named_in(file, images))
            continue
        if (image := image or images.find(sample.name)) is None and not needs_images:
            image = Path(_image_name(file, sample))
        if image is None:
            missing.append(file.path)
            continue
        used.add(image)
        split = splits.get(image.name.casefold()) or splits.get(image.stem.casefold())
        samples.append(replace(sample, name=image.name, image=image, split=split))
    unused = tuple(path for path in images.paths if path not in used)
    return Collection(
        "voc", names.names, tuple(samples), BoxSpace.BY_SIZE, tuple(missing), unused, tuple(errors)
    )


def _image_name(file: AnnotationFile, sample: Sample) -> str:
    """File name of a missing image; ExDark's annotations are named after it with ``.xml`` appended."""
    return next(
        (name for name in (file.path.stem, sample.name) if format_of(Path(name))), f"{file.path.stem}.jpg"
    )


def _named_in(file: AnnotationFile, images: ImageIndex) -> Path | None:
    """The image that an invalid annotation names, if its name can be read."""
    name = re.search(rb"<filename>([^<]+)</filename>", file.data)
    return images.find(name[1].decode("utf-8", "replace")) if name else None


def _names_in(files: Sequence[AnnotationFile], preferred: Sequence[str]) -> Sequence[str]:
    """Classes that occur, in alphabetical order; all preferred ones if no others occur."""
    found = set()
    for file in files:
        try:
            found |= {(each.findtext("name") or "").strip() for each in _root(file).iter("object")}
        except AnnotationError:
            continue
    found.discard("")
    return preferred if found and found <= set(preferred) else sorted(found)


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
