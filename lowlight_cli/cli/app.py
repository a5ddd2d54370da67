"""The program: mounts the commands, and turns errors into one line and an exit code."""

import warnings
from typing import Annotated

import typer

from lowlight_cli.cli import datasets, models, train
from lowlight_cli.cli.doctor import doctor
from lowlight_cli.cli.enhance import enhance
from lowlight_cli.cli.progress import say
from lowlight_cli.errors import LowlightError, UnavailableError

app = typer.Typer(
    name="lle",
    help="Brightens photos taken in low light.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    rich_markup_mode=None,  # panels would take half of the time to start
    pretty_exceptions_show_locals=False,
)
app.command()(enhance)
app.add_typer(train.app, name="train")
app.add_typer(models.app, name="models")
app.add_typer(datasets.app, name="datasets")
app.command()(doctor)


def main(arguments: list[str] | None = None) -> int:
    """Runs the program.

    Args:
        arguments: Words after the program's name; those of the process where none are given.

    Returns:
        The exit code: 0, or that of the error, see ``lle enhance --help``.
    """
    # Damage in a picture is reported by our own errors and codes.
    warnings.filterwarnings("ignore", module="PIL")
    try:
        app(args=arguments, prog_name="lle")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except LowlightError as error:
        say(f"lle: error: {error}")
        return error.exit_code
    except ImportError as error:
        if ".so" not in str(error):
            raise
        # A system library is missing, most often OpenCV's libGL on a machine without a desktop.
        say(f"lle: error: {error}; `lle doctor` tells the remedy")
        return UnavailableError.exit_code
    return 0


def _print_version(wanted: bool | None) -> bool:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"lle {version('lowlight-cli')}")
        except PackageNotFoundError:
            typer.echo("lle, not installed: run from a checkout")
        raise typer.Exit
    return False


@app.callback()
def _program(
    _version: Annotated[
        bool | None,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop."),
    ] = None,
) -> None:
    """Brightens photos taken in low light."""
