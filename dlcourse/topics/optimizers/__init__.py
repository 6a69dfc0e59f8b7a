"""Lesson 03: optimizers."""
