"""Every primitive, sorted by family; each states only its mathematics.

Functions here take and return tensors, and have torch's names, arguments and defaults.
"""

from typing import TYPE_CHECKING, Any

from . import composed, elementwise, index, linalg, movement, reduce, sort, special
from .elementwise import erf_array as erf_array  # for the activations of `nn`

_FAMILIES = (elementwise, reduce, movement, index, linalg, sort, special, composed)
_HELPERS = """
Any Tensor any_of axes_of default_float dim_of dims_of erf_array flat_rows floor_quotient getitem
logistic max_of min_of namedtuple op promote result_tuple shape_of signs split_index
check_format erf64 spread to_float to_numpy total vector_norm wrap
"""
_HELPERS = _HELPERS.split()

PUBLIC = {
    name: value
    for family in _FAMILIES
    for name, value in vars(family).items()
    if callable(value) and not name.startswith("_") and name not in _HELPERS
}

ALIASES = {
    "absolute": "abs",
    "arccos": "acos",
    "arcsin": "asin",
    "arctan": "atan",
    "arctan2": "atan2",
    "arccosh": "acosh",
    "arcsinh": "asinh",
    "arctanh": "atanh",
    "clip": "clamp",
    "concat": "cat",
    "concatenate": "cat",
    "divide": "div",
    "fix": "trunc",
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "moveaxis": "movedim",
    "multiply": "mul",
    "negative": "neg",
    "not_equal": "ne",
    "row_stack": "vstack",
    "sgn": "sign",
    "trapz": "trapezoid",
    "subtract": "sub",
    "swapdims": "transpose",
}
PUBLIC |= {alias: PUBLIC[name] for alias, name in ALIASES.items()}
METHODS_ONLY = {"contiguous", "expand", "expand_as", "repeat", "sum_to_size", "unfold", "view"}
FUNCTIONS_ONLY = """
atleast_1d atleast_2d atleast_3d block_diag broadcast_tensors bucketize cartesian_prod cat cdist
column_stack combinations concat concatenate dstack einsum hstack isin row_stack rsub searchsorted
stack std_mean tensordot trapezoid unravel_index trapz var_mean vstack where
"""
FUNCTIONS_ONLY = set(FUNCTIONS_ONLY.split())
globals().update(PUBLIC)

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
