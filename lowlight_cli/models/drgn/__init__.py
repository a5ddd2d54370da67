"""DRGN and LW-DRGN: what darkness added to a picture is learned and taken away, the rest is refined."""
