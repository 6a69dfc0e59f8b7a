"""Ready-made parametrizations, under torch's path."""

from .parametrize import spectral_norm, weight_norm

__all__ = ["spectral_norm", "weight_norm"]
