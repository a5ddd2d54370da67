"""Data sets for evaluation, and darkening of clean images for training."""
