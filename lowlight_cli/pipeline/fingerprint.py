"""Hashes of the settings, weights and reference that affect results; free of torch."""

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path

from lowlight_cli.checkpoints.locate import find_weights, refuse_folder
from lowlight_cli.errors import UsageError, WeightsError
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.pipeline.choices import Detail
from lowlight_cli.pipeline.journal import sha256_of_file
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.versions import version_of

_EXCLUDED = {  # without effect on results, or hashed separately
    "device",
    "batch_size",
    "workers",
    "stop",
    "only_dark",
    "checkpoint",
    "reference",
    "preset",
}


def fingerprint(settings: EnhanceSettings, checkpoint_sha256: str | None) -> str:
    """Hash of the settings that affect results; files are hashed by content, not by path.

    Args:
        settings: Settings of the run.
        checkpoint_sha256: Digest of the weights; None for a model without weights.

    Raises:
        UsageError: The reference cannot be read.
    """
    values = settings.model_dump(mode="json", exclude=_EXCLUDED)
    del values["read"]["max_pixels"]
    # So that results of earlier versions stay up to date.
    if settings.view is None:
        del values["view"]
    if not settings.deblur:
        del values["deblur"]
    if settings.detail is Detail.FULL:
        del values["detail"]
    values["preset"] = preset_of(settings)
    values["checkpoint"] = checkpoint_sha256
    values["reference"] = None if settings.reference is None else _reference_digest(settings.reference)
    return _digest(values)


def bright_fingerprint(options: str, settings: EnhanceSettings) -> str:
    """Hash of the settings that decide which images are skipped as too bright.

    Args:
        options: Result of ``fingerprint``, as reading options affect brightness.
        settings: Settings of the run.
    """
    return _digest([options, settings.only_dark])


def failure_fingerprint(options: str, settings: EnhanceSettings) -> str:
    """Hash of all that decides whether an image can be read, apart from its file.

    Args:
        options: Result of ``fingerprint``.
        settings: Settings of the run.
    """
    libraries = [name for name in ("rawpy", "pillow_heif") if find_spec(name)]
    return _digest([options, settings.read.max_pixels, version_of("lowlight-cli"), libraries])


def preset_of(settings: EnhanceSettings) -> str | None:
    """Name of the preset; None if it is not set and a weights file defines it."""
    if settings.checkpoint is not None:
        return settings.preset
    return settings.preset or MODELS[settings.model].default_preset


def checkpoint_digest(settings: EnhanceSettings) -> str | None:
    """SHA-256 of the weights in hex, from the catalog if known there; None for a model without weights.

    Raises:
        WeightsError: The file is missing or a folder.
    """
    if settings.checkpoint is not None:
        digest = sha256_of_file(settings.checkpoint)
        if digest is None:
            refuse_folder(settings.checkpoint)
            raise WeightsError(
                f"cannot read weights '{settings.checkpoint}'; check the path and its permissions"
            )
        return digest
    weights = MODELS[settings.model].weights.get(preset_of(settings) or "")
    if weights is None:
        return None
    return weights.sha256 or sha256_of_file(find_weights(weights))


def _reference_digest(reference: Path) -> str:
    digest = sha256_of_file(reference)
    if digest is None:
        raise UsageError(f"cannot read --reference '{reference}'; check the path and its permissions")
    return digest


def _digest(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
