"""The parts of ``gpu_check.py``: one file for each section, and what they share."""
