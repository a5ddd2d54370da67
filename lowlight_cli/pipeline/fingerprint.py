"""One short text for everything that decides what a result looks like; torch-free."""

import hashlib
import json
from pathlib import Path

from lowlight_cli.checkpoints.locate import find_weights
from lowlight_cli.errors import UsageError, WeightsError
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.pipeline.journal import sha256_of_file
from lowlight_cli.pipeline.settings import EnhanceSettings

_WITHOUT_EFFECT = {
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
    """Hash of the settings that change pixels or files; files count by content, wherever they lie.

    Args:
        settings: What the user decided.
        checkpoint_sha256: Digest of the weights; None for a model without.

    Raises:
        UsageError: The reference cannot be read.
    """
    facts = settings.model_dump(mode="json", exclude=_WITHOUT_EFFECT)
    del facts["read"]["max_pixels"]
    if settings.view is None:
        del facts["view"]  # so that results of earlier versions are up to date
    facts["preset"] = preset_of(settings)
    facts["checkpoint"] = checkpoint_sha256
    facts["reference"] = None if settings.reference is None else _reference_digest(settings.reference)
    return _digest(facts)


def bright_fingerprint(options: str, settings: EnhanceSettings) -> str:
    """Hash of the settings that decide which pictures are too bright; those of results count, too.

    Args:
        options: The hash of those.
        settings: What the user decided.
    """
    return _digest([options, settings.only_dark])


def preset_of(settings: EnhanceSettings) -> str | None:
    """Name of the size that the model comes in; None for weights from a file, which tell it themselves."""
    if settings.checkpoint is not None:
        return settings.preset
    return settings.preset or MODELS[settings.model].default_preset


def checkpoint_digest(settings: EnhanceSettings) -> str | None:
    """SHA-256 of the weights in hex; None for a model without. Digests of the catalog are taken from there.

    Raises:
        WeightsError: The file is missing.
    """
    if settings.checkpoint is not None:
        digest = sha256_of_file(settings.checkpoint)
        if digest is None:
            raise WeightsError(f"weights '{settings.checkpoint}' cannot be read")
        return digest
    weights = MODELS[settings.model].weights.get(preset_of(settings) or "")
    if weights is None:
        return None
    return weights.sha256 or sha256_of_file(find_weights(weights))


def _reference_digest(reference: Path) -> str:
    digest = sha256_of_file(reference)
    if digest is None:
        raise UsageError(f"--reference '{reference}' cannot be read")
    return digest


def _digest(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
