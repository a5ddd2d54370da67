"""Networks, from tensors to tensors; one folder for each paper."""
