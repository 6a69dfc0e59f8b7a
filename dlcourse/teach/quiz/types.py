"""The question types by name."""

from .choices import Gate, Multi, PredictPlot, Single
from .parts import Question
from .values import Numeric

_CLASSES: tuple[type[Question], ...] = (Single, Multi, Numeric, PredictPlot, Gate)
TYPES: dict[str, type[Question]] = {c.model_fields["type"].default: c for c in _CLASSES}
