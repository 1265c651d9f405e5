"""What the benchmark of a GPU, `on_gpu.py`, is made of."""
