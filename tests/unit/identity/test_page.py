"""The page for operators says what the command says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/operators/identity.md").read_text()
SOURCES = "".join(path.read_text() for path in (ROOT / "src/sciportal/identity").glob("*.py"))
SECTION = PAGE.split("\n## What is refused\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("message", re.findall(r"^\| `(.+?)` \|", SECTION, re.MULTILINE))
def test_a_message_on_the_page_is_one_of_the_command(message: str) -> None:
    code = re.sub(r"\{[^{}]*\}", "", SOURCES)
    assert message in code


def test_the_page_has_messages() -> None:
    assert SECTION.count("\n| `") > 10
