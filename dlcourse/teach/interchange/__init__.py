"""Questions in other systems' formats: Moodle XML and GIFT both ways, QTI 3 and xAPI one way.

Every question becomes a `Plain` one first; `LOSS` says what that costs, type by type.
"""

from .plain import LOSS, Plain, Refused, plain
from .safe import read_text

__all__ = ["LOSS", "Plain", "Refused", "plain", "read_text"]
