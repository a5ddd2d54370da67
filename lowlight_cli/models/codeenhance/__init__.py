"""CodeEnhance: low-light enhancement as retrieval from a codebook of well-lit pictures."""
