"""The application behind the doors that speaks uwsgi: tells what arrived."""

import json


def application(environ, start_response):
    """Answer with the variables of the request that are text."""
    start_response("200 OK", [("Content-Type", "application/json")])
    seen = {name: value for name, value in environ.items() if isinstance(value, str)}
    return [json.dumps(seen).encode()]
