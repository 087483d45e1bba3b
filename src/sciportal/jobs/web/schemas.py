"""JSON Schemas of what goes in and out, as the routes' tables name them."""

from __future__ import annotations

from typing import Any

from sciportal.jobs.states import State

Schema = dict[str, Any]


def shape(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object with these fields."""
    properties = {**required, **(optional or {})}
    return {"type": "object", "required": list(required), "properties": properties}


def listing(of: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": of}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "integer"}
JOB_ID: Schema = {"type": "integer", "minimum": 1, "maximum": 2**53}
ANY: Schema = {"type": "object"}
STATUS: Schema = {"type": "string", "enum": [each.value for each in State]}
MOMENT: Schema = or_null({"type": "string", "format": "date-time"})

JOB_STATUS = shape(
    {
        "id": JOB_ID,
        "status": STATUS,
        "ending": TRUTH,
        "exit_code": or_null(NUMBER),
        "attempt": NUMBER,
    }
)
_RECORD = {
    **JOB_STATUS["properties"],
    **dict.fromkeys(("name", "application", "owner", "backend", "host", "worker", "reason"), TEXT),
    **dict.fromkeys(("submitted_at", "sent_at", "started_at", "ended_at"), MOMENT),
}
RECORD = shape(_RECORD)
JOBS = shape({"jobs": listing(JOB_ID)}, {"records": listing(RECORD), "before": or_null(JOB_ID)})
EVENT = shape({"at": MOMENT, "attempt": NUMBER, "cause": TEXT, "text": TEXT})
FILE = shape({"name": TEXT, "size": NUMBER, "sha256": TEXT})
_POINT = shape({"index": NUMBER, "point": TEXT, "error": TEXT, "attempts": NUMBER})
_POINTS_FAILED = shape({}, {"points": NUMBER, "number": NUMBER, "failed": listing(_POINT)})
JOB = shape(
    {
        "id": JOB_ID,
        "job": shape(
            {
                **_RECORD,
                "service": TEXT,
                "parameters": ANY,
                "files": listing(FILE),
                "resources": ANY,
                "limits": ANY,
                "map": or_null(ANY),
                "usage": ANY,
                "points_failed": _POINTS_FAILED,
                "collected": TRUTH,
                "events": listing(EVENT),
            }
        ),
    }
)
PAIRS = listing({"type": "array", "prefixItems": [TEXT, NUMBER], "minItems": 2, "maxItems": 2})
FILES = shape({"id": JOB_ID, "files": PAIRS})
RESULTS = shape(
    {"id": JOB_ID, "status": STATUS},
    {
        "result": shape({"exit_code": or_null(NUMBER), "files": PAIRS, "usage": ANY}),
        "error": TEXT,
        "trace": TEXT,
    },
)
LOG = shape(
    {"id": JOB_ID, "stream": TEXT, "size": NUMBER, "from": NUMBER, "next": NUMBER, "text": TEXT},
)
PROBLEM = shape(
    {
        "type": {"type": "string", "format": "uri"},
        "title": TEXT,
        "status": NUMBER,
        "detail": TEXT,
        "wanted": TEXT,
        "found": TEXT,
        "advice": TEXT,
    },
    {"errors": listing(shape({"field": TEXT, "sentence": TEXT}))},
)

_TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}
SUBMIT = {
    **shape(
        {"application": TEXT},
        {"name": TEXT, "parameters": ANY, "files": _TEXTS, "backend": TEXT, "host": TEXT},
    ),
    "additionalProperties": False,
}
SUBMIT_AS_BUMPS = shape(
    {"service": TEXT},
    {"name": TEXT, "notify": TEXT, "version": TEXT, "data": {"type": ["object", "string", "null"]}},
)
SUBMIT_FORM = shape(
    {"application": TEXT},
    {
        "name": TEXT,
        "parameters": {"type": "string", "contentMediaType": "application/json"},
        "backend": TEXT,
        "host": TEXT,
        "csrf": TEXT,
    },
)
