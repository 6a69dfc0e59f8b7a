"""Recurrent networks: a state carried along a sequence."""
