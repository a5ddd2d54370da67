"""VQCNIR: night photos that are dark and blurred, restored with a codebook of clear images."""
