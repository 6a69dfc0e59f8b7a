"""Lesson 11: trustworthy deep learning."""
