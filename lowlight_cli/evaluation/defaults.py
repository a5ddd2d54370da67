"""Defaults that both ``lle eval`` and ``EvalRequest`` read; free of imports, so that help stays fast."""

METRICS = ("psnr", "ssim", "lpips", "niqe")
PROTOCOL = "lle"
PRECISION = "fp32"
"""Not ``auto``, so that scores do not depend on the machine."""
