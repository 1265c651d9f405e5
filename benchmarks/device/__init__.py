"""What the benchmark of a GPU, `gpu.py`, is made of."""
