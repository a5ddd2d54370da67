"""DRGN and LW-DRGN: what darkness added to an image is learned and taken away, the rest is refined."""
