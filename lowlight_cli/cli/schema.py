"""``lle schema``: JSON Schemas of machine-readable output.

A file of its own, because each command has one.
"""

from enum import StrEnum
from typing import Annotated

import typer

from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import as_json


class Form(StrEnum):
    """Output that has a schema."""

    EVENTS = "events"
    MANIFEST = "manifest"


FormArgument = Annotated[
    Form, typer.Argument(help="Lines of `lle enhance --json`, or of OUT/.lle/manifest.jsonl.")
]


def schema(form: FormArgument = Form.EVENTS) -> None:
    """Print the JSON Schema of --json events, or of manifest lines.

    Later versions may add keys. While `v` stays the same, no key is renamed or changes its meaning.

    Example:  lle schema manifest
    """
    from pydantic import TypeAdapter

    from lowlight_cli.cli.event_schema import AnyEvent
    from lowlight_cli.pipeline.manifest import Entry

    described: TypeAdapter[object] = TypeAdapter(AnyEvent if form is Form.EVENTS else Entry)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"lle {form.value}"}
    emit(as_json(head | described.json_schema() | head))
