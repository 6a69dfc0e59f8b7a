"""Backpropagation: the chain rule by hand, the backprop microscope, exercises and figures."""
