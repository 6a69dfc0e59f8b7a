"""Lesson 10: hardware and scale."""
