"""The program: its commands, and its exit code."""

import logging
import os
import sys
import warnings
from typing import Annotated

import typer

from lowlight_cli.cli import cache, datasets, models, train
from lowlight_cli.cli import config as config_command
from lowlight_cli.cli.context import Session
from lowlight_cli.cli.detect_eval import detect_eval
from lowlight_cli.cli.detect_prep import detect_prep
from lowlight_cli.cli.doctor import doctor
from lowlight_cli.cli.enhance import enhance
from lowlight_cli.cli.errors import report_error
from lowlight_cli.cli.evaluate import evaluate
from lowlight_cli.cli.export import export
from lowlight_cli.cli.report import report
from lowlight_cli.cli.schema import schema
from lowlight_cli.cli.try_photo import try_photo
from lowlight_cli.cli.typer_app import finished
from lowlight_cli.versions import version_of

app = typer.Typer(
    name="lle",
    help="Enhance photos taken in low light.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    no_args_is_help=True,
    rich_markup_mode=None,  # panels would take half of the time to start
    pretty_exceptions_show_locals=False,
)
app.command()(enhance)
app.command("try", short_help="Show a photo with several settings on one sheet.")(try_photo)
app.command("eval", short_help="Score models or existing results on a dataset.")(evaluate)
app.command("detect-prep", short_help="Enhance a labeled dataset for a detector.")(detect_prep)
app.command("detect-eval", short_help="Score detectors against labels, side by side.")(detect_eval)
app.add_typer(train.app, name="train")
app.add_typer(models.app, name="models")
app.add_typer(datasets.app, name="datasets")
app.add_typer(cache.app, name="cache")
app.command(short_help="Export a model as ONNX or PT2.")(export)
app.command(short_help="Show what a run did, and write reports about it.")(report)
app.command(short_help="Print the JSON Schema of events or the manifest.")(schema)
app.command(short_help="Check the installation, devices, formats and weights.")(doctor)
app.add_typer(config_command.app, name="config")


def main(arguments: list[str] | None = None) -> int:
    """Runs the program.

    Args:
        arguments: Command-line arguments; by default those of the process.

    Returns:
        The exit code: 0, or that of the error, see ``lle enhance --help``.
    """
    # Damage in an image is reported by our own errors and codes.
    warnings.filterwarnings("ignore", module="PIL")
    logging.getLogger("PIL").setLevel(logging.CRITICAL)
    words = sys.argv[1:] if arguments is None else list(arguments)
    with Session(tuple(words)) as session:
        try:
            _call(words, session)
        except typer.Exit as end:
            return end.exit_code
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 0
        except BaseException as error:
            return report_error(error, session)
    return 0


def _call(words: list[str], session: Session) -> None:
    program = finished(app)
    if os.environ.get("_LLE_COMPLETE"):
        program.main(words, prog_name="lle")
    with program.make_context("lle", words, obj=session) as context:
        program.invoke(context)


def _print_version(wanted: bool | None) -> bool:
    if wanted:
        version = version_of("lowlight-cli")
        typer.echo("lle, not installed: run from a checkout" if version is None else f"lle {version}")
        raise typer.Exit
    return False


@app.callback()
def _program(
    _version: Annotated[
        bool | None,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = None,
) -> None:
    """Enhance photos taken in low light."""
