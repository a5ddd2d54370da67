"""Datasets for evaluation, and darkening of clean images for training."""
