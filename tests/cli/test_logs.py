"""What a log file has about the images of a run."""

import json

import pytest


@pytest.fixture
def photos(tmp_path, make_picture):
    make_picture(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    return tmp_path / "in"


def test_a_log_of_json_is_one_object_per_line(run_lle, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("LLE_LOG_FORMAT", "json")
    log = tmp_path / "lle.log"
    run_lle("enhance", photos, "-o", tmp_path / "out", "--model", "identity", "--log-file", log)
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert {"time", "level", "pid", "logger", "message"} == set(records[0])
    assert {"debug", "info", "error"} <= {record["level"] for record in records}
    items = {record["in"]: record for record in records if record.get("event") == "item"}
    done, failed = items[str(photos / "a.png")], items[str(photos / "bad.png")]
    assert done["out"] == str(tmp_path / "out" / "a.png")
    assert (done["level"], done["status"], "code" in done) == ("info", "ok", False)
    assert (failed["level"], failed["status"], failed["code"]) == ("error", "failed", "unreadable")
    assert all(record["seconds"] >= 0 for record in items.values())
    assert [record["message"] for record in records if record.get("event") == "end"] != []


def test_a_failure_is_logged_once(run_lle, photos, tmp_path):
    log = tmp_path / "lle.log"
    run_lle("enhance", photos, "-o", tmp_path / "out", "--model", "identity", "--log-file", log)
    lines = log.read_text().splitlines()
    assert len([line for line in lines if "failed" in line and "bad.png" in line]) == 1
    assert len([line for line in lines if "ok " in line and "a.png" in line]) == 1


def test_warnings_about_images_are_logged_as_warnings(run_lle, make_picture, tmp_path):
    make_picture(tmp_path / "in" / "a.png").rename(
        tmp_path / "in" / "a.jpg"
    )  # another format than its name says
    log = tmp_path / "lle.log"
    words = ("enhance", tmp_path / "in", "-o", tmp_path / "out", "--model", "identity", "-q")
    assert run_lle("--log-file", log, "--log-format", "json", *words).code == 0
    levels = [record["level"] for record in map(json.loads, log.read_text().splitlines())]
    assert levels.count("warning") == 1
