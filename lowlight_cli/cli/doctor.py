"""``lle doctor``: checks the installation, and says how to fix problems."""

from typing import Annotated

import typer

from lowlight_cli.cli.config_schema import commands_below
from lowlight_cli.cli.doctor_checks import Finding, Health, all_findings
from lowlight_cli.cli.global_options import Command, global_options
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import aligned, as_json
from lowlight_cli.errors import UnavailableError, WeightsError


def doctor(
    context: typer.Context,
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the installation, and suggest a remedy for each problem.

    Lists versions, devices, formats, weights, settings and licences. Exits with code 6 for broken weights, 7
    for a library that does not work.

    Example:  lle doctor
    """
    program = context.find_root().command
    files = context.obj.configuration(program).files
    findings = all_findings(known_variables(program), files)
    if as_json_:
        emit(as_json(findings))
    else:
        emit(_text(findings))
    problems = [finding for finding in findings if finding.health is Health.PROBLEM]
    if problems:
        error = WeightsError if problems[0].topic == "weights" else UnavailableError
        raise error("; ".join(f"{problem.name}: {problem.remedy}" for problem in problems))


def known_variables(program: Command) -> frozenset[str]:
    """Environment variables that set an option of any command.

    Args:
        program: The root command.
    """
    options = [
        *global_options(),
        *(option for _, command in commands_below(program) for option in command.params),
    ]
    lists = (option.envvar for option in options if option.envvar)
    return frozenset(name for names in lists for name in ([names] if isinstance(names, str) else names))


def _text(findings: list[Finding]) -> str:
    blocks = []
    for topic in dict.fromkeys(finding.topic for finding in findings):
        rows = [(f.name, f"{f.value}  {_mark(f)}".rstrip()) for f in findings if f.topic == topic]
        blocks.append(f"{topic}\n{aligned(rows, indent=2)}")
    return "\n".join(blocks)


def _mark(finding: Finding) -> str:
    if finding.health is Health.PROBLEM:
        return f"PROBLEM: {finding.remedy}"
    return f"({finding.remedy})" if finding.remedy else ""
