"""Lesson 08: overfitting and regularisation."""
