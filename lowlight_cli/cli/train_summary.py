"""What ``lle train`` prints at the start and at the end of a run: cache, best score, next command."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from lowlight_cli.cli.progress import shown
from lowlight_cli.training.catalog import RECIPES

if TYPE_CHECKING:
    from lowlight_cli.cli.train_request import TrainingRequest
    from lowlight_cli.training.config import DataSettings, Recipe

NEXT_STEPS: Mapping[str, str] = MappingProxyType(
    {
        "glare-vqgan": "use it: lle train glare --stage 2 --data PHOTOS --vqgan {weights} --out OUT",
        "vqcnir-vqgan": "use it: lle train vqcnir --data PHOTOS --vqgan {weights} --out OUT",
    }
)
"""What to do with the weights of recipes that go by another name in the presets."""


def next_step(preset_name: str, recipe: "Recipe", request: "TrainingRequest") -> str:
    """What to do with the weights of a run; see ``RecipeEntry``.

    A command for the next stage has the options without which it would train another network, or with other
    weights of stage I, and takes pairs if this stage did.

    Args:
        preset_name: Name of the recipe in the presets.
        recipe: Settings of the run.
        request: What the options asked for.
    """
    step = NEXT_STEPS.get(preset_name) or RECIPES[preset_name].next_step
    given = {setting: value for setting, value in request.given if value is not None}
    is_published = request.preset == "paper"
    more = ["--pairs PAIRS"] if recipe.data.pairs else []
    if "vqgan" in given:
        more.append(f"--vqgan {shlex.quote(str(given['vqgan']))}")
    if preset_name == "drgn-degradation":
        from lowlight_cli.training.drgn import size_of

        size = size_of(dict(recipe)["model"])
        more += [f"--size {size}"] if size != "lw-drgn" or is_published else []
    if is_published:
        more.append("--preset paper")
    options = "".join(f" {option}" for option in more).replace("{", "{{").replace("}", "}}")
    return step.replace(" --out OUT", f"{options} --out OUT")


def cache_lines(data: "DataSettings") -> list[str]:
    """Where decoded images are kept, and their size; nothing if they are kept in memory."""
    from lowlight_cli.training.cache_folder import cache_content, size_text
    from lowlight_cli.training.image_cache import cache_folder

    folder = cache_folder(data)
    if folder is None:
        return []
    return [f"image cache: {without_home(folder)}, {size_text(cache_content(folder).size)} (see lle cache)"]


def without_home(path: Path) -> str:
    """A path with ``~`` in place of the home folder, safe for any terminal."""
    try:
        return shown(f"~/{path.relative_to(Path.home())}")
    except (ValueError, RuntimeError):
        return shown(path)


def summary_lines(folder: Path, weights: Path, next_step: str | None) -> list[str]:
    """The result of a run: best score, weights, and commands to go on with.

    Args:
        folder: The run folder.
        weights: Weights of the last step.
        next_step: What to do with the weights; see ``RecipeEntry``. None after a run that was stopped.
    """
    from lowlight_cli.training.run_summary import read_run
    from lowlight_cli.training.step_text import score_text

    run = read_run(folder)
    lines = [f"weights: {shown(weights)} (step {run.steps_done})"]
    if run.best is not None:
        score = f"best: {run.best.name} {score_text(run.best.name, run.best.value)} at step {run.best.step}"
        lines.append(f"{score}: {shown(run.best_weights)}" if run.best_weights else score)
    if next_step is None:
        return lines
    given = shlex.quote(str(run.recommended or weights))
    lines.append(shown(next_step.format(model=run.architecture or weights.stem, weights=given)))
    lines.append(shown(f"report: lle report {shlex.quote(str(folder))} --report report.html"))
    return lines
