"""Lesson 01: neurons, layers, losses."""
