"""Pictures, which tests/browser takes, are shown."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_every_picture_is_shown_somewhere() -> None:
    pages = [each.read_text() for each in DOCS.rglob("*.md")]
    shown = {name for page in pages for name in re.findall(r"/([\w-]+\.png)\)", page)}
    assert shown == {each.name for each in DOCS.rglob("*.png")}
