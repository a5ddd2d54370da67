"""Checks of ``lle doctor``; each yields findings, with a remedy for problems."""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from importlib import import_module

from lowlight_cli.counted import counted
from lowlight_cli.images.formats import FORMATS
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.versions import version_of

LIBRARIES = (
    "lowlight-cli",
    "torch",
    "torchvision",
    "numpy",
    "pillow",
    "opencv-python",
    "pyiqa",
    "pydantic",
    "safetensors",
    "typer",
    "rich",
    "tqdm",
)
LICENCES = {
    "lowlight-cli": "MIT",
    "pyiqa": "PolyForm Noncommercial 1.0.0: its metrics are not for commercial use; nothing else needs it",
}
EXTRAS = {
    "raw": ("rawpy", "camera raw files"),
    "heif": ("pillow_heif", "HEIC images"),
    "detect": ("faster_coco_eval", "faster average precision of detectors"),
    "export": ("onnxscript", "ONNX export"),
    "ray": ("ray", "runs on several machines"),
    "tensorboard": ("tensorboard", "event files of training runs"),
}
"""Extra of the package: its module, and what it adds."""

OWN_VARIABLES = {
    "LLE_MODEL_DIR": "folders of weights",
    "LLE_DATA_ROOT": "folder of datasets",
    "LLE_OFFLINE": "never use the network",
    "LLE_LOG": "log level",
    "LLE_DEBUG": "show tracebacks",
}
"""Environment variables without an option."""

FOREIGN_VARIABLES = ("NO_COLOR", "FORCE_COLOR", "CUDA_VISIBLE_DEVICES", "HF_HUB_OFFLINE")

OPENCV_REMEDY = (
    "pip install --force-reinstall --no-deps opencv-python-headless (or install libGL, libglib2.0 and libxcb)"
)


class Health(StrEnum):
    """Severity of a finding."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check.

    Attributes:
        topic: Group that it is listed in.
        name: What was checked.
        value: What was found.
        health: Severity.
        remedy: What to do; empty if nothing.
    """

    topic: str
    name: str
    value: str
    health: Health = Health.OK
    remedy: str = ""


def all_findings(known_variables: frozenset[str], files: tuple[str, ...]) -> list[Finding]:
    """Findings of all checks, topic after topic.

    Args:
        known_variables: Environment variables that set an option.
        files: Configuration files that were read.
    """
    return [
        *_versions(),
        *_devices(),
        *_formats(),
        *_extras(),
        *_weights(),
        *_settings(known_variables, files),
        *_licences(),
    ]


def _versions() -> Iterator[Finding]:
    yield Finding("versions", "python", platform.python_version())
    yield Finding("versions", "system", f"{platform.system()} {platform.machine()}")
    for library in LIBRARIES:
        version = version_of(library)
        if version is not None:
            yield Finding("versions", library, version)
        else:
            yield Finding("versions", library, "not installed", Health.NOTE, f"pip install {library}")


def _devices() -> Iterator[Finding]:
    import torch

    from lowlight_cli.accelerators import ACCELERATORS
    from lowlight_cli.device import FP32, choose_device, short_formats

    threads = counted(torch.get_num_threads(), "thread")
    yield Finding("devices", "cpu", f"{counted(os.cpu_count() or 1, 'core')}, {threads} for torch")
    for accelerator in ACCELERATORS.values():
        for index in range(accelerator.count()):
            name = f"{accelerator.name}:{index}" if accelerator.is_numbered else accelerator.name
            remedy = "" if accelerator.is_tried else f"untried; used only with --device {name}"
            health = Health.OK if accelerator.is_tried else Health.NOTE
            yield Finding("devices", name, accelerator.describe(index), health, remedy)
    if not ACCELERATORS["cuda"].count():
        yield Finding("devices", "cuda", "none; the CPU is used", Health.NOTE)
    chosen = choose_device("auto")
    formats = ", ".join(each.name for each in (*short_formats(chosen), FP32))
    yield Finding("devices", "auto", f"{chosen}; --precision auto tries: {formats}")


def _formats() -> Iterator[Finding]:
    from PIL import features

    for name, form in FORMATS.items():
        if form.extra is not None:
            value = "read" if _version_of(EXTRAS[form.extra][0]) else f"needs the extra {form.extra}"
            yield Finding("formats", name, value, Health.OK if value == "read" else Health.NOTE)
        elif name in ("webp", "avif") and not features.check(name):
            yield Finding("formats", name, "not in this Pillow", Health.NOTE, "pip install --upgrade pillow")
        else:
            yield Finding("formats", name, "read and written" if form.is_written else "read")
    yield _opencv()


def _extras() -> Iterator[Finding]:
    for name, (module, purpose) in EXTRAS.items():
        version = _version_of(module)
        remedy = "" if version else f"pip install 'lowlight-cli[{name}]'"
        health = Health.OK if version else Health.NOTE
        yield Finding("extras", name, f"{version or 'not installed'}: {purpose}", health, remedy)


def _version_of(module: str) -> str:
    """Version of an optional library; empty if it is missing or does not load."""
    try:
        return str(getattr(import_module(module), "__version__", "installed"))
    except ImportError:
        return ""


def _opencv() -> Finding:
    try:
        import cv2
    except ImportError as error:
        return Finding("formats", "opencv", f"does not load: {error}", Health.PROBLEM, OPENCV_REMEDY)
    # The type stubs of OpenCV do not have this module.
    flavour = "headless" if import_module("cv2.version").headless else "with windows (needs libGL)"
    return Finding("formats", "opencv", f"{cv2.__version__} {flavour}")


def _weights() -> Iterator[Finding]:
    from lowlight_cli.checkpoints.locate import user_folders
    from lowlight_cli.checkpoints.verify import Condition, verify_model

    yield Finding("weights", "imported to", str(user_folders()[0]))
    for entry in MODELS.values():
        for verdict in verify_model(entry):
            name = f"{verdict.model} {verdict.part}"
            if verdict.condition is Condition.WHOLE:
                yield Finding("weights", name, f"{verdict.file}, ok")
            elif verdict.condition is Condition.BROKEN:
                yield Finding("weights", name, verdict.message, Health.PROBLEM, "reinstall lowlight-cli")
            elif verdict.published:
                files = " ".join(verdict.published)
                remedy = f"optional: lle models import {verdict.model} {files}"
                yield Finding("weights", name, f"{verdict.file}, not imported", Health.NOTE, remedy)
            else:
                yield Finding("weights", name, f"{verdict.file}, never published; not needed")


def _settings(known: frozenset[str], files: tuple[str, ...]) -> Iterator[Finding]:
    yield Finding("settings", "files", ", ".join(files) or "none read")
    for name in sorted(os.environ):
        value = os.environ[name]
        if name in FOREIGN_VARIABLES or name in OWN_VARIABLES or name in known:
            yield Finding("settings", name, value)
        elif name.startswith("LLE_"):
            near = get_close_matches(name, [*known, *OWN_VARIABLES], n=1)
            hint = f"did you mean {near[0]}?" if near else ""
            yield Finding("settings", name, f"{value}: unknown setting", Health.NOTE, hint)


def _licences() -> Iterator[Finding]:
    for name, licence in LICENCES.items():
        yield Finding("licences", name, licence, Health.OK if name == "lowlight-cli" else Health.NOTE)
    for entry in MODELS.values():
        for weights in entry.weights.values():
            if weights.shipped or weights.published:
                yield Finding("licences", weights.file, weights.licence)
