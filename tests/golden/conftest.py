"""Collects the golden cases of all components."""

from __future__ import annotations

import pytest

from golden.render import all_cases


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each case."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", all_cases(), ids=str)
