"""Lesson 09: data prepared, changed and balanced, and features borrowed from another task."""
