"""`torch.utils` as far as training code needs it: `data`."""

from . import data

__all__ = ["data"]
