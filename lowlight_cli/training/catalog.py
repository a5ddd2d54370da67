"""The recipes, by the name of what they train; torch-free until one is opened."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from lowlight_cli.catalog import Catalog

if TYPE_CHECKING:
    import torch

    from lowlight_cli.training.config import Recipe
    from lowlight_cli.training.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class RecipeEntry:
    """One thing that can be trained.

    Args:
        name: What is trained.
        summary: One line for lists.
        module: Where its ``run`` function and its settings are.
        settings: Name of the settings class in that module.
    """

    name: str
    summary: str
    module: str
    settings: str

    def settings_class(self) -> "type[Recipe]":
        """The settings class; imports torch."""
        found: type[Recipe] = getattr(import_module(self.module), self.settings)
        return found

    def run(self) -> Callable[..., Path]:
        """The function that trains and gives the path of the weights; imports torch."""
        from lowlight_cli.device import tf32

        train: Callable[..., Path] = import_module(self.module).run

        @wraps(train)
        def train_exactly(recipe: "Recipe", folder: "RunFolder", *, device: "torch.device") -> Path:
            # For the whole run, as backward passes and losses lie outside of autocast.
            with tf32(allowed=recipe.run.precision == "tf32"):
                return train(recipe, folder, device=device)

        return train_exactly


def _entry(name: str, summary: str, settings: str) -> RecipeEntry:
    return RecipeEntry(name, summary, f"lowlight_cli.training.recipes.{name.replace('-', '_')}", settings)


RECIPES: Catalog[RecipeEntry] = Catalog(
    "recipe",
    {
        entry.name: entry
        for entry in (
            _entry("semantic", "Compact semantic network, from photos with class maps.", "SemanticRecipe"),
            _entry("vqgan", "Stage I: codebook and decoder, from well-lit photos.", "VqganRecipe"),
            _entry("codeenhance", "Stage II: the enhancement, from photos and pairs.", "CodeEnhanceRecipe"),
            _entry(
                "codeenhance-tune",
                "Goes on with trained weights of CodeEnhance, without stage I.",
                "CodeEnhanceTuneRecipe",
            ),
            _entry(
                "drgn-degradation", "DRGN, stage 1: what darkness adds to a picture.", "DegradationRecipe"
            ),
            _entry(
                "glare-flow",
                "GLARE, stage 2: a flow that finds latents of well-lit pictures.",
                "GlareFlowRecipe",
            ),
            _entry(
                "glare-fusion", "GLARE, stage 3: a decoder that fuses what was found.", "GlareFusionRecipe"
            ),
            _entry("drgn-refinement", "DRGN, stage 2: the picture without it.", "RefinementRecipe"),
            _entry("vqcnir", "LQ phase of VQCNIR: dark and blurred photos restored.", "VqcnirRecipe"),
        )
    },
)
