"""What runs wrote, read back without times: manifests, outputs, records and events."""

import json

from lowlight_cli.pipeline.manifest import line_of, read_manifest

TIMES = ("run", "seconds", "elapsed", "out_mtime_ns")


def facts(out, without=()):
    """What the manifests say, by name, without times and further fields."""
    entries = {key: json.loads(line_of(entry)) for key, entry in sorted(read_manifest(out).items())}
    return {
        key: {name: value for name, value in entry.items() if name not in (*TIMES, *without)}
        for key, entry in entries.items()
    }


def files(out):
    """The outputs, without records."""
    paths = [path for path in out.rglob("*") if path.is_file() and ".lle" not in path.parts]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


def states(out):
    """Names of the records."""
    return sorted(path.name for path in (out / ".lle").iterdir())


def events(text, out):
    """Events without times and without the output folder, items by name."""
    found = [json.loads(line) for line in text.replace(f"{out}/", "").splitlines()]
    for event in found:
        for key in ("run", "s"):
            event.pop(key, None)
    return [found[0], *sorted(found[1:-1], key=str), found[-1]]
