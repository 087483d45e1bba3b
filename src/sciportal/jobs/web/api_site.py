"""The site itself: its applications, and what its interface is."""

from __future__ import annotations

from typing import Any

from sciportal.jobs.descriptors import parameters
from sciportal.jobs.descriptors.document import Descriptor
from sciportal.jobs.web import openapi, schemas, tables
from sciportal.jobs.web.routes import Answer, Call, Route, Who

VERSION = "1"


def applications(call: Call) -> Answer:
    """What may be submitted, each with the JSON Schema of its parameters."""
    offered = call.web.portal.catalogue.applications().values()
    return Answer({"applications": [_application(each) for each in offered]})


def interface(call: Call) -> Answer:
    """The OpenAPI document."""
    made = openapi.document(tables.all_routes(), call.request.script_root, VERSION)
    return Answer(made)


def _application(descriptor: Descriptor) -> dict[str, Any]:
    return {
        "name": descriptor.name,
        "title": descriptor.title,
        "description": descriptor.description,
        "parameters": parameters.schema(descriptor),
        "files": [
            {
                "name": slot.name,
                "pattern": slot.pattern,
                "title": slot.title,
                "description": slot.description,
                "required": slot.required,
                "most": slot.most,
                "max_bytes": slot.max_bytes,
            }
            for slot in descriptor.files
        ],
        "mapped": descriptor.points is not None,
    }


_APPLICATION = schemas.shape(
    {
        **dict.fromkeys(("name", "title", "description"), schemas.TEXT),
        "parameters": schemas.ANY,
        "files": schemas.listing(schemas.ANY),
        "mapped": schemas.TRUTH,
    }
)

ROUTES = (
    Route(
        "applications",
        "GET",
        "/applications",
        applications,
        "What may be submitted",
        schemas.shape({"applications": schemas.listing(_APPLICATION)}),
    ),
    Route(
        "interface",
        "GET",
        "/openapi.json",
        interface,
        "This document",
        schemas.ANY,
        who=Who.ANYONE,
        formed=False,
    ),
)
