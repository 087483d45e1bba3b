"""What is said when something is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sciportal.service.errors import ServiceError


def refused(function: Callable[..., Any], *arguments: Any) -> str:
    """The message of the error, with exit code 1, that a call has to end with."""
    with pytest.raises(ServiceError) as raised:
        function(*arguments)
    assert raised.value.exit_code == 1
    return str(raised.value)
