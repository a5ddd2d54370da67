"""CodeEnhance: low-light enhancement by retrieval from a codebook of well-lit images."""
