"""The layers, sorted by room."""
