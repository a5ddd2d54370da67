"""``lle cache``: where the image cache of ``lle train`` is, and how it is emptied.

A file of its own, because each group of commands has one.
"""

from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.cli.progress import say, shown
from lowlight_cli.cli.reporter import emit
from lowlight_cli.counted import counted

app = typer.Typer(help="Show or empty the image cache of training.", no_args_is_help=True)

CacheOption = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        help="Cache folder, if training used another one.",
        metavar="DIR",
        file_okay=False,
        show_default="that of the user",
    ),
]


@app.command("dir")
def print_folder(cache: CacheOption = None) -> None:
    """Print the folder of the cache.

    Example:  lle cache dir
    """
    from lowlight_cli.training.cache_folder import usual_cache_folder

    emit(cache or usual_cache_folder())


@app.command()
def clean(
    context: typer.Context,
    cache: CacheOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Remove nothing.")] = False,
) -> None:
    """Remove all decoded images from the cache.

    The next training decodes its images again. Other files in the folder stay, and a training that runs
    meanwhile goes on.

    Example:  lle cache clean --dry-run
    """
    from lowlight_cli.training.cache_folder import cache_content, empty_cache, size_text, usual_cache_folder

    content = cache_content(cache or usual_cache_folder())
    files = f"{counted(len(content.files), 'file')} in {shown(content.folder)}"
    if dry_run:
        emit(f"would free {size_text(content.size)}: {files}")
        return
    say(f"freed {size_text(empty_cache(content))}: {files}", quiet=settings_of(context).quiet)
