"""``lle schema``: the forms of what programs read, as JSON Schema."""

from enum import StrEnum
from typing import Annotated

import typer

from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import as_json


class Form(StrEnum):
    """What can be described."""

    EVENTS = "events"
    MANIFEST = "manifest"


FormArgument = Annotated[
    Form, typer.Argument(help="The lines of `lle enhance --json`, or those of OUT/.lle/manifest.jsonl.")
]


def schema(form: FormArgument = Form.EVENTS) -> None:
    """Print the JSON Schema of one line of the events, or of the manifest.

    Keys may be added in later versions; none is renamed or changes its meaning while `v` stays the same.

    Example:  lle schema manifest
    """
    from pydantic import TypeAdapter

    from lowlight_cli.cli.event_schema import AnyEvent
    from lowlight_cli.pipeline.manifest import Entry

    described: TypeAdapter[object] = TypeAdapter(AnyEvent if form is Form.EVENTS else Entry)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"lle {form.value}"}
    emit(as_json(head | described.json_schema() | head))
