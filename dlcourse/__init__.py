"""Deep Learning, Twice: every idea by hand in NumPy and again in PyTorch, proven equal."""

__version__ = "0.1.0"
