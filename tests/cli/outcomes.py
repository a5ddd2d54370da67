"""What became of a run: its events, and the files it left."""

import base64
import hashlib
import json
import os


def digests(folder):
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()
    }


def events(text):
    """The items by the bytes of the input's path, and the last event."""
    lines = [json.loads(line) for line in text.splitlines()]
    found = {_raw(line): line for line in lines if line["event"] == "item"}
    assert lines[-1]["event"] == "end"
    return found, lines[-1]


def check_counts(end):
    counted = sum(end[name] for name in ("ok", "skipped", "failed", "conflict", "ignored", "left"))
    assert end["inputs"] == counted


def _raw(item):
    return base64.b64decode(item["in_b64"]) if "in_b64" in item else os.fsencode(item["in"])
