"""Manifests of runs that never took place, their pictures, and pages read back."""

import hashlib
import json
from html.parser import HTMLParser

from PIL import Image


def entry_of(name, source, size=(90, 60), **facts):
    entry = {
        "v": 1,
        "input": str(name),
        "source": str(source),
        "output": str(name),
        "status": "ok",
        "error": None,
        "seconds": 0.5,
        "w": size[0],
        "h": size[1],
        "warnings": [],
        "controls": {"contrast": 1.2, "texture": 1.0},
        "model": "codeenhance",
        "preset": "lite",
        "checkpoint_sha256": "0123456789abcdef" * 4,
        "device": "cpu",
        "precision": "fp32",
        "run": "2026-11-20T21:00:00Z-3f2a",
        "version": "0.1.0",
    }
    return entry | facts


def failed_entry(name):
    error = {"code": "truncated", "msg": "48 bytes missing"}
    return entry_of(name, f"/gone/{name}", status="failed", error=error, w=0, h=0, seconds=0.0)


def add_entries(out, *entries):
    if any(entry["status"] == "failed" for entry in entries):
        (out / ".lle" / "failed.txt").write_text("bad.jpg\n")
    with (out / ".lle" / "manifest.jsonl").open("a") as manifest:
        manifest.writelines(json.dumps(entry) + "\n" for entry in entries)


def save_photo(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (51.0, 2.0, 3.0)
    exif[0x010E] = "secret place"
    form = "PNG" if path.suffix == ".png" else "JPEG"
    Image.fromarray(pixels).save(path, form, exif=exif)


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


def picture_digests(folder):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.*g")}
