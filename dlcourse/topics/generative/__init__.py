"""Lesson 07: models that make new examples, and what they are good for."""
