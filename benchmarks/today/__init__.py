"""What `plain.py` is made of: the Hypothesis tests that people write, and ours."""
