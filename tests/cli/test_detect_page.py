"""The page that ``lle detect-prep`` writes about a dataset."""

import re


def test_the_page_is_named_and_shows_the_folder_and_its_previews(run_lle, make_picture, tmp_path):
    source = tmp_path / "set"
    for split in ("train", "test"):
        make_picture(source / "images" / split / f"{split}.png")
        (source / "labels" / split).mkdir(parents=True)
        (source / "labels" / split / f"{split}.txt").write_text("0 0.5 0.5 0.4 0.4\n")
    (source / "data.yaml").write_text("path: .\ntrain: images/train\ntest: images/test\nnames: [cat]\n")
    out = tmp_path / "night yolo"

    run = run_lle("detect-prep", source, "-o", out, "-m", "identity")

    assert run.code == 0
    assert f"report:  {out}/lle-report.html" in run.err.splitlines()
    page = (out / "lle-report.html").read_text()
    assert "<h1>night yolo</h1>" in page
    links = {
        link for link in re.findall(r'(?:href|src)="([^"]*)"', page) if not link.startswith(("#", "data:"))
    }
    assert links == {"preview_train.jpg", "preview_test.jpg"}
    assert all((out / link).is_file() for link in links)
