"""Lesson 00: what deep learning is and is not, on small real data."""
