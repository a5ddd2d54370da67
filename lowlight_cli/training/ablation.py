"""What can be left out of a model to see what it is good for; torch-free."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lowlight_cli.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of an ablation.

    Attributes:
        name: Of the row, and of its folder.
        says: What is different from the whole model.
        settings: Values by dotted name that make the difference.
    """

    name: str
    says: str
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


Variants = Catalog[Variant]


def _variants(*rows: Variant) -> Variants:
    return Catalog("row", {row.name: row for row in rows})


_CODEENHANCE = _variants(
    Variant("full", "nothing is left out"),
    Variant("full-seed-1", "the same with other chance: how far two equal rows lie apart", {"run.seed": 1}),
    Variant("no-semantics", "no semantic embedding (SEM)", {"model.embedding": "none"}),
    Variant("no-texture", "no texture feature transform (TFT)", {"model.texture_transform": False}),
    Variant("no-look", "no perceptual transform (CPT)", {"model.perceptual_transform": False}),
    Variant("no-shift", "codes of stage I as they are (no CS)", {"model.codebook": "plain"}),
    Variant(
        "no-reference",
        "never trained with a reference",
        {"referenced_share": 0.0, "model.reference_encoder": False},
    ),
    Variant("no-codebook", "the latent is decoded as it is", {"model.codebook": "unused"}),
    Variant(
        "baseline",
        "none of SEM, TFT, CPT and CS",
        {
            "model.embedding": "none",
            "model.texture_transform": False,
            "model.perceptual_transform": False,
            "model.codebook": "plain",
            "referenced_share": 0.0,
            "model.reference_encoder": False,
        },
    ),
    Variant("lambda-0", "no pull on the shift (lambda 0)", {"smallness_weight": 0.0}),
    Variant("lambda-0.001", "lambda 0.001", {"smallness_weight": 1e-3}),
    Variant("lambda-0.01", "lambda 0.01", {"smallness_weight": 1e-2}),
)
"""Tables IV to VI of the paper, each switch by itself against the whole; the whole has lambda 0.0001."""

ABLATIONS: Catalog[Variants] = Catalog("recipe to ablate", {"codeenhance": _CODEENHANCE})
