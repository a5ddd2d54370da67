"""What a lost worker had written is recorded, whatever it is."""

import hashlib

from PIL import Image

from lowlight_cli.pipeline.manifest import Entry
from lowlight_cli.pipeline.manifest_writer import ManifestWriter
from lowlight_cli.pipeline.plan import Job
from lowlight_cli.pipeline.worker_journal import written_rows


def test_a_result_with_more_pixels_than_are_read_by_default_is_recorded(tmp_path):
    job = Job(tmp_path / "in.png", tmp_path / "out.png")
    Image.new("1", (25_000, 17_000)).save(job.target)
    journal = ManifestWriter(tmp_path / "journal.jsonl")
    digest = hashlib.sha256(job.target.read_bytes()).hexdigest()
    journal.add(Entry(input="in.png", source=str(job.source), output="out.png", out_sha256=digest))
    journal.close()
    rows = written_rows(tmp_path / "journal.jsonl", tmp_path, [job])
    assert [(row.status, row.width, row.height) for row in rows] == [("ok", 0, 0)]
