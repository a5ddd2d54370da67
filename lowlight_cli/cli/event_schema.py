"""The forms of the events that ``lle enhance --json`` prints; they are the source of ``lle schema``."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ErrorCode = Literal[
    *("unreadable", "truncated", "unsupported", "too_large", "oom", "nonfinite", "conflict"),
    *("write", "permission", "disk_full", "timeout", "device", "internal"),
]

Path64 = Annotated[str | None, Field(description="The path in base 64, only where it is no UTF-8.")]


class Event(BaseModel):
    """What all events have; further keys may be added, and none is renamed."""

    model_config = ConfigDict(frozen=True)

    v: Literal[1]


class Fault(BaseModel):
    """Why a picture failed or was left alone."""

    model_config = ConfigDict(frozen=True)

    code: ErrorCode
    msg: str


class Start(Event):
    """A run begins. Device and precision are null where no model is needed."""

    event: Literal["start"]
    run: str = Field(description="Name of the run, which starts with its time.")
    n: int = Field(ge=0, description="Pictures that are planned.")
    model: str
    preset: str | None
    checkpoint_sha256: str | None
    device: str | None
    precision: str | None
    precision_reason: str | None = Field(default=None, description="Why that number format.")
    version: str
    controls: dict[str, Literal["model", "tone curve"]] = Field(
        default={}, description="Who acts on each control that is turned."
    )


class Planned(Event):
    """What a dry run found for one picture."""

    event: Literal["plan"]
    action: Literal["make", "skip", "conflict"]
    reason: str | None = None
    pixels: int | None = Field(default=None, ge=0, description="0 where the header does not tell.")
    source: str = Field(alias="in")
    in_b64: Path64 = None
    out: str
    out_b64: Path64 = None


class Item(Event):
    """One picture came to its end."""

    event: Literal["item"]
    status: Literal["ok", "skipped", "failed", "conflict"]
    source: str = Field(alias="in")
    in_b64: Path64 = None
    out: str | None = None
    out_b64: Path64 = None
    reason: Literal["up_to_date", "exists", "bright"] | None = Field(default=None, description="Of a skip.")
    error: Fault | None = Field(default=None, description="Of a failure or conflict.")
    w: int | None = Field(default=None, ge=1)
    h: int | None = Field(default=None, ge=1)
    s: float | None = Field(default=None, ge=0, description="Seconds in all threads.")
    edge_width: float | None = Field(
        default=None,
        ge=0,
        description="Width of the input's edges in pixels of a copy of 1024; 3.2 and more is blurred. Null "
        "where there are too few edges, or where it was not measured: a run of over 100 images measures 100.",
    )
    bytes: int | None = Field(default=None, ge=1)
    sha256: str | None = None
    warn: list[str] | None = Field(default=None, description="Short codes of what was not kept.")


class End(Event):
    """The run is over; ``inputs`` is the sum of the six counts behind it."""

    event: Literal["end"]
    inputs: int = Field(ge=0)
    ok: int = Field(ge=0)
    skipped: int = Field(ge=0)
    failed: int = Field(ge=0)
    conflict: int = Field(ge=0)
    ignored: int = Field(ge=0, description="Files that are no pictures.")
    left: int = Field(ge=0, description="Pictures that were not reached.")
    s: float = Field(ge=0, description="Seconds.")
    exit: int = Field(ge=0, description="Exit code of the program.")


AnyEvent = Annotated[Start | Planned | Item | End, Field(discriminator="event")]
