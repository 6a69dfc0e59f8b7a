"""xAPI statements of what was answered, one JSON object per line; nothing is sent anywhere."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ..progress import Event, Progress
from ..quiz.bank import Bank, banks

_HOME = "https://example.org/dlcourse"  # an identifier by form; nothing is fetched from it
_VERB = {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"en": "answered"}}
_INTERACTION = "http://adlnet.gov/expapi/activities/cmi.interaction"
_TYPES = {
    "single": "choice",
    "gate": "choice",
    "predict_plot": "choice",
    "multi": "choice",
    "hotspot": "choice",
    "numeric": "numeric",
    "match": "matching",
    "order": "sequencing",
    "parsons": "sequencing",
    "explain": "long-fill-in",
    "code": "long-fill-in",
}


def statements(log: Progress, among: Iterable[Bank] | None = None) -> Iterator[dict[str, Any]]:
    """One statement per answer in the log, the oldest first."""
    kinds = {q.id: q.type for b in (among if among is not None else banks()) for q in b.questions}
    return (_statement(e, log.learner, kinds.get(e.item, "numeric")) for e in log.events("answer"))


def export(log: Progress, among: Iterable[Bank] | None = None) -> str:
    """The statements as lines of JSON."""
    lines = (json.dumps(s, ensure_ascii=False, default=str) for s in statements(log, among))
    return "".join(f"{line}\n" for line in lines)


def _statement(event: Event, learner: str, kind: str) -> dict[str, Any]:
    data = event.data
    return {
        "id": _uuid(event.id),
        "timestamp": event.at,
        "actor": {"objectType": "Agent", "account": {"homePage": _HOME, "name": learner}},
        "verb": _VERB,
        "object": {
            "objectType": "Activity",
            "id": f"{_HOME}/quiz/{event.item}",
            "definition": {
                "type": _INTERACTION,
                "interactionType": _TYPES.get(kind, "fill-in"),
                "name": {"en": event.item},
            },
        },
        "result": _result(data),
        "context": {"extensions": {f"{_HOME}/ext/{k}": data.get(k) for k in _EXTRA}},
    }


_EXTRA = ("bank", "version", "seed", "mode", "diagnosis", "confidence", "hints")


def _result(data: dict[str, Any]) -> dict[str, Any]:
    score = float(data.get("score") or 0)
    result: dict[str, Any] = {
        "success": data.get("state") == "correct",
        "score": {"scaled": score},
        "response": json.dumps(data.get("response"), ensure_ascii=False),
    }
    if isinstance(data.get("seconds"), int | float):
        result["duration"] = f"PT{data['seconds']:g}S"
    return result


def _uuid(id: str) -> str:
    parts = (id[:8], id[8:12], id[12:16], id[16:20], id[20:])
    return "-".join(parts) if len(id) == 32 else id
