"""The one pure function that grades any answer."""

from ..verdict import Verdict
from .parts import Question, Response, Seed

_LONGEST = 20_000


def grade(question: Question, response: Response, seed: Seed = 0) -> Verdict:
    """The verdict on `response` to `question` with parameters drawn by `seed`.

    States: `correct`; `not yet` (`diagnosis` names the misconception if it is a catalogued one);
    `not attempted` (empty); `refused` (cannot be read).  Never raises for what a learner can send.
    """
    if len(str(response)) > _LONGEST:
        return Verdict("refused", f"The answer is longer than {_LONGEST:,} characters; shorten it.")
    return question.judge(question.at(seed), response)
