"""Helpers around parameters: clipping, flattening, padding of sequences."""

# ruff: noqa: F401 - this file is the list of public names

from . import parametrizations, parametrize, rnn, stateless
from .clip_grad import clip_grad_norm_, clip_grad_value_, get_total_norm
from .convert_parameters import parameters_to_vector, vector_to_parameters
from .weight_norm import remove_spectral_norm, remove_weight_norm, spectral_norm, weight_norm

clip_grad_norm = clip_grad_norm_  # as it was called before it got its underscore
