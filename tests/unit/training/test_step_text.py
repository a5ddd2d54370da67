"""Lines about steps have the usual words and units."""

import pytest

from lowlight_cli.training.step_text import duration, score_text, step_line, validation_line

ROW = {
    "loss": 1.23456, "choice": 0.5, "lr": 2.5e-4, "images_per_second": 12.34, "memory_mb": 2048.4,
}  # fmt: skip


def test_a_step_is_loss_score_rate_speed_and_time_left():
    line = step_line(ROW, ("psnr", 21.5), 300.0)
    assert line == "loss 1.235  psnr 21.50 dB  lr 0.00025  12.3 img/s  5 min left"
    assert step_line(ROW, None, 0.0, with_memory=True) == "loss 1.235  lr 0.00025  12.3 img/s  2,048 MB"
    assert step_line({"loss": float("nan")}, None, 0.0) == "loss nan"


def test_a_validation_is_the_compared_score_and_ssim():
    scores = {"psnr": 20.0, "ssim": 0.81234, "used_codes": 3.0}
    assert validation_line(scores, "psnr") == "psnr 20.00 dB  ssim 0.8123"
    assert validation_line({"dark_class_agreement": 0.5, "agreement": 1.0}, "dark_class_agreement") == (
        "dark_class_agreement 0.5000"
    )
    assert score_text("psnr", float("inf")) == "inf dB"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (3599, "1 h 00 min"), (7380, "2 h 03 min")],
)
def test_durations(seconds, text):
    assert duration(float(seconds)) == text
