"""The recipes, each with what it needs and the options of its command; torch-free until one is opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lowlight_cli.catalog import Catalog

if TYPE_CHECKING:
    import torch

    from lowlight_cli.training.config import Recipe
    from lowlight_cli.training.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class RecipeEntry:
    """One recipe.

    Args:
        name: Name of the recipe.
        settings: Name of its settings class, in ``lowlight_cli/training/recipes``.
        help: Help of ``lle train NAME``; empty if another command runs this recipe as one of its stages.
        options: Options of the command besides those that all recipes have; see ``cli/recipe_options.py``.
        takes_pairs: Whether it trains on real pairs, and needs no photos beside them.
        shipped_stages: Settings for weights of earlier stages that ship with CodeEnhance; filled in where the
            user names none.
        shipped_start: Model whose shipped weights it starts from where the user names none.
        next_step: What to do with the weights, with ``{weights}`` for their path and ``{model}`` for the name
            of the network.
        typical: Settings by name with which the first steps have all parts of the loss, as most others do.
    """

    name: str
    settings: str
    help: str = ""
    options: tuple[str, ...] = ()
    takes_pairs: bool = False
    shipped_stages: tuple[str, ...] = ()
    shipped_start: str | None = None
    next_step: str = "try it: lle enhance PHOTOS -o OUT -m {model} --checkpoint {weights}"
    typical: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def module(self) -> str:
        """Module of its ``run`` function and its settings."""
        return f"lowlight_cli.training.recipes.{self.name.replace('-', '_')}"

    def settings_class(self) -> "type[Recipe]":
        """The settings class; imports torch."""
        found: type[Recipe] = getattr(import_module(self.module), self.settings)
        return found

    def run(self) -> Callable[..., Path]:
        """The function that trains and returns the path of the weights; imports torch."""
        from lowlight_cli.device import tf32

        train: Callable[..., Path] = import_module(self.module).run

        @wraps(train)
        def train_exactly(recipe: "Recipe", folder: "RunFolder", *, device: "torch.device") -> Path:
            # For the whole run, because backward passes and losses are outside of autocast.
            with tf32(allowed=recipe.run.precision == "tf32"):
                return train(recipe, folder, device=device)

        return train_exactly


_ENTRIES = (
    RecipeEntry(
        "semantic",
        "SemanticRecipe",
        """Train the semantic network on class maps.

        \b
        Example:
          lle train semantic --data photos --labels maps --label-root photos --out runs/semantic
        """,
        ("labels", "label_root"),
        next_step="use it: lle train codeenhance --data PHOTOS --semantic {weights} --out OUT",
    ),
    RecipeEntry(
        "vqgan",
        "VqganRecipe",
        """Train stage I: codebook and decoder.

        \b
        Example:
          lle train vqgan --data photos --out runs/vqgan
        """,
        next_step="use it: lle train codeenhance --data PHOTOS --vqgan {weights} --out OUT",
        typical=MappingProxyType({"codes_from": 0, "critic_from": 0}),
    ),
    RecipeEntry(
        "codeenhance",
        "CodeEnhanceRecipe",
        """Train stage II of CodeEnhance on photos and pairs.

        \b
        Example:
          lle train codeenhance --data photos --pairs pairs --out runs/codeenhance
        """,
        ("pairs", "low", "gt", "vqgan", "semantic"),
        takes_pairs=True,
        shipped_stages=("vqgan", "semantic"),
    ),
    RecipeEntry(
        "codeenhance-tune",
        "CodeEnhanceTuneRecipe",
        """Fine-tune CodeEnhance on your own photos or pairs.

        Without --start it starts from the weights that ship.

        \b
        Example:
          lle train codeenhance-tune --data photos --pairs pairs --out runs/tuned
        """,
        ("pairs", "low", "gt", "start"),
        takes_pairs=True,
        shipped_start="codeenhance",
    ),
    RecipeEntry(
        "glare-flow",
        "GlareFlowRecipe",
        takes_pairs=True,
        shipped_stages=("vqgan",),
        next_step="use it: lle train glare --stage 3 --data PHOTOS --start {weights} --out OUT",
    ),
    RecipeEntry("glare-fusion", "GlareFusionRecipe", takes_pairs=True, shipped_stages=("vqgan",)),
    RecipeEntry("vqcnir", "VqcnirRecipe", takes_pairs=True, shipped_stages=("vqgan",)),
    RecipeEntry(
        "drgn-degradation",
        "DegradationRecipe",
        """Train stage 1 of DRGN: the degradation.

        \b
        Example:
          lle train drgn-degradation --data photos --pairs pairs --out runs/degradation
        """,
        ("size", "pairs", "low", "gt"),
        takes_pairs=True,
        next_step="use it: lle train drgn-refinement --data PHOTOS --degradation {weights} --out OUT",
    ),
    RecipeEntry(
        "drgn-refinement",
        "RefinementRecipe",
        """Train stage 2 of DRGN: the refinement.

        \b
        Example:
          lle train drgn-refinement --data photos --pairs pairs \\
            --degradation runs/degradation/drgn-degradation.safetensors \\
            --out runs/refinement
        """,
        ("size", "pairs", "low", "gt", "degradation"),
        takes_pairs=True,
    ),
)

RECIPES: Catalog[RecipeEntry] = Catalog("recipe", {entry.name: entry for entry in _ENTRIES})
