"""`torch.utils` as far as training code needs it: `data` and `checkpoint`."""

from . import checkpoint, data

__all__ = ["checkpoint", "data"]
