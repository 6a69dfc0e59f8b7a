"""The sixteen question types by name."""

from .choices import Gate, Multi, PredictPlot, Single
from .parts import Question
from .programs import BugHunt, Code, Explain
from .sequences import Match, Order, Parsons
from .tables import Hotspot, Trace
from .values import Expr, Numeric, PredictOutput, Shape

_CLASSES: tuple[type[Question], ...] = (
    Single,
    Multi,
    Numeric,
    Shape,
    Expr,
    Trace,
    PredictOutput,
    PredictPlot,
    Parsons,
    BugHunt,
    Match,
    Order,
    Hotspot,
    Code,
    Explain,
    Gate,
)
TYPES: dict[str, type[Question]] = {c.model_fields["type"].default: c for c in _CLASSES}
