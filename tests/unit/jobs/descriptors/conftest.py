"""Applications that tests describe."""

from __future__ import annotations

import pytest

from jobs.samples import GREETING
from sciportal.jobs.descriptors import document, render
from sciportal.jobs.descriptors.document import Descriptor


@pytest.fixture(scope="module")
def greeting() -> Descriptor:
    """An application with one of everything."""
    descriptor = document.parse(GREETING.read_text(), "greeting")
    render.check(descriptor)
    return descriptor
