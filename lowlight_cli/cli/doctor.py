"""``lle doctor``: what this machine can do, what is missing, and what to do about it."""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from lowlight_cli.cli.tables import aligned, as_json
from lowlight_cli.errors import UnavailableError, WeightsError
from lowlight_cli.models.catalog import MODELS

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
OPENCV_REMEDY = (
    "pip install --force-reinstall --no-deps opencv-python-headless (or install libGL, libglib2.0 and libxcb)"
)


class Health(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        topic: Group it is shown under.
        name: What was looked at.
        value: What was found.
        health: Whether something is to be done.
        remedy: What to do.
    """

    topic: str
    name: str
    value: str
    health: Health = Health.OK
    remedy: str = ""


def doctor(
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print versions, devices, formats, weights and licences, with a remedy for what is wrong.

    Ends with exit code 6 for broken weights, 7 for a library that does not work.

    Example:  lle doctor
    """
    findings = [*_versions(), *_devices(), *_formats(), *_weights(), *_licences()]
    typer.echo(as_json(findings) if as_json_ else _text(findings))
    problems = [finding for finding in findings if finding.health is Health.PROBLEM]
    if problems:
        error = WeightsError if problems[0].topic == "weights" else UnavailableError
        raise error("; ".join(f"{problem.name}: {problem.remedy}" for problem in problems))


def _versions() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    yield Finding("versions", "python", platform.python_version())
    yield Finding("versions", "system", f"{platform.system()} {platform.machine()}")
    for library in LIBRARIES:
        try:
            yield Finding("versions", library, version(library))
        except PackageNotFoundError:
            yield Finding("versions", library, "not installed", Health.NOTE, f"pip install {library}")


def _devices() -> Iterator[Finding]:
    import torch

    from lowlight_cli.device import choose_device, choose_precision, describe_precision

    yield Finding("devices", "cpu", f"{os.cpu_count()} cores, {torch.get_num_threads()} threads for torch")
    for index in range(torch.cuda.device_count()):
        memory = torch.cuda.get_device_properties(index).total_memory / 2**30
        yield Finding("devices", f"cuda:{index}", f"{torch.cuda.get_device_name(index)}, {memory:.0f} GiB")
    if not torch.cuda.is_available():
        yield Finding("devices", "cuda", "none; the CPU will do", Health.NOTE)
    chosen = choose_device("auto")
    precision = describe_precision(choose_precision("auto", chosen))
    yield Finding("devices", "auto", f"{chosen}, {precision}")


def _formats() -> Iterator[Finding]:
    from PIL import features

    yield Finding("formats", "jpeg, png, tiff", "read and written")
    for name in ("webp", "avif"):
        has = features.check(name)
        value = "in Pillow" if has else "not in this Pillow"
        yield Finding("formats", name, value, Health.OK if has else Health.NOTE)
    for name, package in (("raw", "rawpy"), ("heif", "pillow_heif")):
        found = "reader installed" if find_spec(package) else "no reader installed"
        yield Finding("formats", name, f"{found}; not used by this version", Health.NOTE)
    yield _opencv()


def _opencv() -> Finding:
    try:
        import cv2
    except ImportError as error:
        return Finding("formats", "opencv", f"does not load: {error}", Health.PROBLEM, OPENCV_REMEDY)
    # The module of build facts is missing in the type stubs of OpenCV.
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
                yield Finding("weights", name, f"{verdict.file}, whole")
            elif verdict.condition is Condition.ABSENT:
                remedy = f"optional; lle models import {verdict.model} FILE"
                yield Finding("weights", name, f"{verdict.file}, not imported", Health.NOTE, remedy)
            else:
                yield Finding("weights", name, verdict.message, Health.PROBLEM, "reinstall lowlight-cli")


def _licences() -> Iterator[Finding]:
    for name, licence in LICENCES.items():
        yield Finding("licences", name, licence, Health.OK if name == "lowlight-cli" else Health.NOTE)
    for entry in MODELS.values():
        for weights in entry.weights.values():
            yield Finding("licences", weights.file, weights.licence)


def _text(findings: list[Finding]) -> str:
    blocks = []
    for topic in dict.fromkeys(finding.topic for finding in findings):
        rows = [(f.name, f.value, _mark(f)) for f in findings if f.topic == topic]
        blocks.append(f"{topic}\n{aligned(rows, indent=2)}")
    return "\n".join(blocks)


def _mark(finding: Finding) -> str:
    if finding.health is Health.PROBLEM:
        return f"PROBLEM: {finding.remedy}"
    return f"({finding.remedy})" if finding.remedy else ""
