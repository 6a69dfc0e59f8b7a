"""Capstone: a small driver's eye, from the data to the model card."""
