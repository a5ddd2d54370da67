"""Schema of the events that ``lle enhance --json`` prints; the source of ``lle schema``."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ErrorCode = Literal[
    *("unreadable", "truncated", "unsupported", "too_large", "missing", "read", "oom", "nonfinite"),
    *("conflict", "write", "permission", "disk_full", "timeout", "device", "crashed", "internal"),
]

Path64 = Annotated[str | None, Field(description="The path in base64, only if it is not valid UTF-8.")]


class Event(BaseModel):
    """Keys of all events; keys may be added, and none is renamed."""

    model_config = ConfigDict(frozen=True)

    v: Literal[1]


class Fault(BaseModel):
    """Why an image failed or was left alone."""

    model_config = ConfigDict(frozen=True)

    code: ErrorCode
    msg: str


class Start(Event):
    """The run starts. Device and precision are null if no model is needed."""

    event: Literal["start"]
    run: str = Field(description="Name of the run; starts with its time.")
    n: int = Field(ge=0, description="Number of planned images.")
    model: str
    preset: str | None
    checkpoint_sha256: str | None
    device: str | None
    precision: str | None
    precision_reason: str | None = Field(default=None, description="Why this number format was chosen.")
    version: str
    controls: dict[str, Literal["model", "tone curve"]] = Field(
        default={}, description="What applies each control that was set."
    )


class Planned(Event):
    """What a dry run would do with one image."""

    event: Literal["plan"]
    action: Literal["make", "skip", "conflict"]
    reason: str | None = None
    pixels: int | None = Field(default=None, ge=0, description="0 if the header does not say.")
    source: str = Field(alias="in")
    in_b64: Path64 = None
    out: str
    out_b64: Path64 = None


class Item(Event):
    """One image is finished."""

    event: Literal["item"]
    status: Literal["ok", "skipped", "failed", "conflict"]
    source: str = Field(alias="in")
    in_b64: Path64 = None
    out: str | None = None
    out_b64: Path64 = None
    reason: Literal["up_to_date", "exists", "bright", "known_failure"] | None = Field(
        default=None, description="Why the image was skipped."
    )
    error: Fault | None = Field(default=None, description="Why the image failed or was left alone.")
    w: int | None = Field(default=None, ge=1)
    h: int | None = Field(default=None, ge=1)
    s: float | None = Field(default=None, ge=0, description="Seconds spent in all threads.")
    edge_width: float | None = Field(
        default=None,
        ge=0,
        description="Edge width of the input in pixels at a size of 1024; 3.2 and more is blurred. Null "
        "if there are too few edges, or if it was not measured: a run of over 100 images measures 100.",
    )
    bytes: int | None = Field(default=None, ge=1)
    sha256: str | None = None
    warn: list[str] | None = Field(default=None, description="Codes of what could not be kept.")


class End(Event):
    """The run is over; ``inputs`` is the sum of ok, skipped, failed, conflict, ignored and left."""

    event: Literal["end"]
    inputs: int = Field(ge=0)
    ok: int = Field(ge=0)
    skipped: int = Field(ge=0)
    known_failures: int = Field(
        default=0, ge=0, description="Those of skipped that failed before and did not change since."
    )
    failed: int = Field(ge=0)
    conflict: int = Field(ge=0)
    ignored: int = Field(ge=0, description="Files that are not images.")
    left: int = Field(ge=0, description="Images that were not reached.")
    s: float = Field(ge=0, description="Seconds.")
    exit: int = Field(ge=0, description="Exit code of the program.")


AnyEvent = Annotated[Start | Planned | Item | End, Field(discriminator="event")]
