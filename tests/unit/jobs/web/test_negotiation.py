"""JSON or a page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.jobs.web.negotiation import Form, wanted

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("path", "accept", "form"),
    [
        ("/jobs.json", "", Form.JSON),
        ("/jobs.json", "*/*", Form.JSON),
        ("/jobs", "application/json", Form.JSON),
        ("/jobs.json", BROWSER, Form.HTML),
        ("/jobs", BROWSER, Form.HTML),
        ("/jobs.html", "application/json", Form.HTML),
        ("/jobs", "text/html;q=0.4, application/json;q=0.5", Form.JSON),
        ("/jobs", "text/html;q=0, */*", Form.JSON),
        ("/jobs", "text/html;q=zero", Form.JSON),
        ("/jobs", "TEXT/HTML; Q=0.5", Form.HTML),
        ("/jobs", "text/htmlx", Form.JSON),
    ],
)
def test_form(path: str, accept: str, form: Form) -> None:
    assert wanted(path, accept) is form


@given(st.text())
def test_any_header_has_a_meaning(accept: str) -> None:
    assert wanted("/jobs.html", accept) is Form.HTML
    assert wanted("/jobs.json", accept) in (Form.HTML, Form.JSON)
