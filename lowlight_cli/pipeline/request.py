"""The request for one enhancement run: inputs, outputs and settings."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lowlight_cli import defaults
from lowlight_cli.errors import UsageError
from lowlight_cli.images.choices import BitDepth, FormatChoice
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.pipeline.choices import Engine, OnExist, RetryFailed
from lowlight_cli.pipeline.naming import Naming
from lowlight_cli.pipeline.scan import Selection
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.pipeline.shard import Shard
from lowlight_cli.pipeline.sources import STDIN


class InputOptions(BaseModel):
    """Which files are read.

    Attributes:
        sources: Images, folders and glob patterns; ``-`` is the image in ``EnhanceRequest.spool``.
        files_from: File that lists further inputs, one per line; ``-`` is stdin.
        null: Whether names in that list end in NUL.
        recursive: Whether subfolders are searched.
        include: Glob patterns of the files to read from folders; empty reads all images.
        exclude: Glob patterns of files and folders to leave out.
        hidden: Whether files and folders whose names start with a dot are read.
        follow_symlinks: Whether links to folders are followed.
        leave_out: Folders inside the inputs that are never searched.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[str, ...] = ()
    files_from: str | None = None
    null: bool = False
    recursive: bool = True
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hidden: bool = False
    follow_symlinks: bool = False
    leave_out: tuple[Path, ...] = ()

    @property
    def selection(self) -> Selection:
        """Which files of a folder are read."""
        return Selection(
            recursive=self.recursive,
            include=self.include,
            exclude=self.exclude,
            hidden=self.hidden,
            follow_symlinks=self.follow_symlinks,
        )


class OutputOptions(BaseModel):
    """Where results are written, and what to do about existing files.

    Attributes:
        out: Folder, or file for a single image, or ``-`` for a file in ``EnhanceRequest.spool``. None puts
            results beside the inputs: ``a_enhanced.jpg`` or the folder ``photos_enhanced``.
        on_exist: What to do when an output exists.
        retry_failed: Whether an image that failed for a damage in its file is tried again although nothing
            changed. A single image that is written to a named file always is.
        name: Template of output names; see ``naming.PLACEHOLDERS``.
        suffix: Text added to each name before its extension.
        format: Format of all outputs; ``keep`` uses that of each input.
        in_place: Whether results replace their inputs.
        backup_dir: Folder that keeps the originals of an in-place run.
        no_backup: Whether an in-place run may do without backups.
        lock_timeout_s: Seconds to wait while another run uses the output folder.
        save_intermediate: Whether the model's intermediate outputs are written next to the results.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    out: str | None = None
    on_exist: OnExist = OnExist.RESUME
    retry_failed: RetryFailed = RetryFailed.ALWAYS
    name: str = defaults.NAME_TEMPLATE
    suffix: str = ""
    format: FormatChoice = FormatChoice.KEEP
    in_place: bool = False
    backup_dir: Path | None = None
    no_backup: bool = False
    lock_timeout_s: float = Field(default=defaults.LOCK_TIMEOUT_S, ge=0)
    save_intermediate: bool = False

    @model_validator(mode="after")
    def _check_in_place(self) -> "OutputOptions":
        if not self.in_place:
            for option in ("backup_dir", "no_backup"):
                if getattr(self, option):
                    raise UsageError(f"--{option.replace('_', '-')} is for --in-place only")
            return self
        if self.out is not None:
            raise UsageError("--in-place and --out exclude each other")
        if bool(self.backup_dir) == self.no_backup:
            raise UsageError("--in-place needs either --backup-dir or --no-backup")
        if self.format is not FormatChoice.KEEP or self.suffix:
            raise UsageError("--in-place keeps names; --format and --suffix would change them")
        if self.on_exist in (OnExist.RENAME, OnExist.ERROR):
            raise UsageError(f"--in-place and --on-exist {self.on_exist.value} exclude each other")
        return self


class RayOptions(BaseModel):
    """How a run uses Ray.

    Attributes:
        address: Address of a cluster, or ``auto``; None or ``local`` starts Ray on this machine.
        workers: Number of workers; None is one for each GPU, or one for each machine if there is none.
        workers_per_gpu: Number of workers that share a GPU.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str | None = None
    workers: int | None = Field(default=None, ge=1)
    workers_per_gpu: int = Field(default=1, ge=1)


class EnhanceRequest(BaseModel):
    """One enhancement run.

    Attributes:
        input: Which files are read.
        output: Where results are written.
        settings: How images are read, enhanced and written, at what speed, and when the run stops early.
        spool: Folder that holds the image from stdin, and gets the one for stdout; None uses neither.
        shard: Part of the run to do; None is all of it.
        engine: What runs the model.
        ray: How Ray is used, if it is the engine.

    Raises:
        UsageError: Two options contradict each other.
        UnknownNameError: There is no such model or preset.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: InputOptions = InputOptions()
    output: OutputOptions = OutputOptions()
    settings: EnhanceSettings = EnhanceSettings()
    spool: Path | None = None
    shard: Shard | None = None
    engine: Engine = Engine.INLINE
    ray: RayOptions = RayOptions()

    @model_validator(mode="after")
    def _check(self) -> "EnhanceRequest":
        if self.output.in_place and STDIN in self.input.sources:
            raise UsageError("--in-place needs files; an image from stdin has no file to replace")
        entry = MODELS[self.settings.model]
        _ = entry.presets[self.settings.preset or entry.default_preset]
        if self.output.save_intermediate:
            self._check_intermediate_outputs()
        if self.shard:
            self._check_shard()
        if self.engine is Engine.RAY:
            self._check_ray()
        elif self.ray.workers or self.ray.workers_per_gpu != 1:
            raise UsageError("--ray-workers and --workers-per-gpu are for --engine ray only")
        return self

    def _check_ray(self) -> None:
        output, device = self.output, self.settings.device
        excluded = {
            # A worker that dies is repeated, and would enhance what it has enhanced already.
            "--in-place": output.in_place,
            "stdin": STDIN in self.input.sources,
            "--out -": output.out == STDIN,
            "--shard; Ray divides the images itself": self.shard is not None,
            f"--device {device}; use auto, cpu or cuda, as Ray assigns the GPUs": (
                device not in ("auto", "cpu", "cuda")
            ),
        }
        for words, is_given in excluded.items():
            if is_given:
                raise UsageError(f"--engine ray excludes {words}")
        if (self.ray.address or "").startswith(("ray://", "http://", "https://")):
            raise UsageError(
                f"--ray-address {self.ray.address}: run lle on a machine of the cluster, "
                "and give host:port or auto"
            )

    def _check_shard(self) -> None:
        output = self.output
        excluded = {
            "--in-place": output.in_place,
            "stdin": STDIN in (*self.input.sources, self.input.files_from),
            "--out -": output.out == STDIN,
            # These look at what is in the output folder, which other shards change meanwhile.
            f"--on-exist {output.on_exist.value}": output.on_exist in (OnExist.RENAME, OnExist.ERROR),
        }
        for words, is_given in excluded.items():
            if is_given:
                raise UsageError(f"--shard excludes {words}")

    def _check_intermediate_outputs(self) -> None:
        if not MODELS[self.settings.model].views:
            able = ", ".join(name for name, entry in MODELS.items() if entry.views)
            raise UsageError(
                f"model '{self.settings.model}' does not support --save-degradation; these do: {able}"
            )
        if self.output.out == STDIN or self.output.in_place:
            raise UsageError("--save-degradation needs an output file or folder; set --out")

    @property
    def writes_manifest(self) -> bool:
        """Whether the run is recorded in the output folder; not for an image that goes to stdout."""
        return self.output.out != STDIN

    @property
    def naming(self) -> Naming:
        """How outputs are named.

        Raises:
            UsageError: The template is not valid.
        """
        output = self.output
        format_name = None if output.format is FormatChoice.KEEP else output.format.value
        naming = Naming(
            template=output.name,
            suffix=output.suffix,
            format_name=format_name,
            sixteen_bit=self.settings.write.bit_depth is BitDepth.SIXTEEN,
            model=self.settings.model,
        )
        naming.check()
        return naming
