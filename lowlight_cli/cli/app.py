"""The program: its commands, and its exit code."""

import logging
import os
import sys
import warnings
from typing import Annotated

import typer

from lowlight_cli.cli import cache, datasets, models, train
from lowlight_cli.cli import config as config_command
from lowlight_cli.cli.bench import bench
from lowlight_cli.cli.context import Session
from lowlight_cli.cli.detect_eval import detect_eval
from lowlight_cli.cli.detect_prep import detect_prep
from lowlight_cli.cli.doctor import doctor
from lowlight_cli.cli.enhance import enhance
from lowlight_cli.cli.errors import report_error
from lowlight_cli.cli.evaluate import evaluate
from lowlight_cli.cli.export import export
from lowlight_cli.cli.help import show_help, show_version, version_line
from lowlight_cli.cli.help_pages import GROUPS
from lowlight_cli.cli.report import report
from lowlight_cli.cli.schema import schema
from lowlight_cli.cli.try_photo import try_photo
from lowlight_cli.cli.typer_app import finished

app = typer.Typer(
    name="lle",
    help="Brighten dark photos, measure the result, train your own models.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    no_args_is_help=True,
    rich_markup_mode=None,  # panels would take half of the time to start
    pretty_exceptions_show_locals=False,
)
_photos, _research, _detection, _help = GROUPS
app.command(rich_help_panel=_photos)(enhance)
app.command("try", rich_help_panel=_photos, short_help="Show a photo with several settings.")(try_photo)
app.command(rich_help_panel=_photos, short_help="Summarize a finished run as a table or page.")(report)
app.command("eval", rich_help_panel=_research, short_help="Score models or finished results.")(evaluate)
app.add_typer(train.app, name="train", rich_help_panel=_research)
app.add_typer(models.app, name="models", rich_help_panel=_research)
app.add_typer(datasets.app, name="datasets", rich_help_panel=_research)
app.command(rich_help_panel=_research, short_help="Export a model as ONNX or PT2.")(export)
app.command("detect-prep", rich_help_panel=_detection, short_help="Prepare a detection dataset.")(detect_prep)
app.command("detect-eval", rich_help_panel=_detection, short_help="Score detectors against labels.")(
    detect_eval
)
app.command("help", rich_help_panel=_help)(show_help)
app.command(rich_help_panel=_help, short_help="Check the installation and suggest fixes.")(doctor)
app.command(rich_help_panel=_help, short_help="Measure the speed of this machine, and its limits.")(bench)
app.add_typer(config_command.app, name="config", rich_help_panel=_help)
app.add_typer(cache.app, name="cache", rich_help_panel=_help)
app.command(rich_help_panel=_help, short_help="Print the JSON Schema of --json events.")(schema)
app.command("version", rich_help_panel=_help)(show_version)


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
        from lowlight_cli.cli.completion import use_own_shells

        use_own_shells()
        program.main(words, prog_name="lle")
    with program.make_context("lle", words, obj=session) as context:
        program.invoke(context)


def _print_version(wanted: bool | None) -> bool:
    if wanted:
        typer.echo(version_line())
        raise typer.Exit
    return False


@app.callback()
def _program(
    _version: Annotated[
        bool | None,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = None,
) -> None:
    """Brighten dark photos, measure the result, train your own models."""
