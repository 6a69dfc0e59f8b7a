"""Lesson 04: convolutional networks."""
