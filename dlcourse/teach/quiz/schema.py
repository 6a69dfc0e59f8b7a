"""The JSON Schema of `dlq/1`, made from the models, for editors that complete and check YAML."""

import json
from typing import Any

from .bank import SCHEMA
from .types import TYPES


def schema() -> dict[str, Any]:
    """The schema of a bank: one definition per question type, chosen by `type`."""
    definitions: dict[str, Any] = {}
    for name, model in TYPES.items():
        made = model.model_json_schema(ref_template="#/$defs/{model}")
        definitions.update(made.pop("$defs", {}))
        made["properties"]["type"] = {"const": name}
        made["required"] = sorted({*made.get("required", ()), "type"})
        definitions[f"question_{name}"] = made
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Question bank {SCHEMA}",
        "type": "object",
        "required": ["schema", "lesson", "title", "questions"],
        "additionalProperties": False,
        "properties": {
            "schema": {"const": SCHEMA},
            "lesson": {"type": "string"},
            "title": {"type": "string"},
            "sections": {"type": "object", "additionalProperties": {"type": "string"}},
            "claims": {"type": "array", "items": {"type": "string"}},
            "questions": {
                "type": "array",
                "minItems": 1,
                "items": {"oneOf": [{"$ref": f"#/$defs/question_{name}"} for name in TYPES]},
            },
        },
        "$defs": definitions,
    }


def schema_text() -> str:
    """The schema as it stands in quizzes/schema/dlq-1.json."""
    return json.dumps(schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
