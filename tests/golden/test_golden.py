"""Every template writes what its golden files say."""

from __future__ import annotations

import os

from golden.render import GOLDEN, TEMPLATES, Case, all_cases


def test_a_template_writes_its_golden_file(case: Case) -> None:
    text = case.text()
    if os.environ.get("UPDATE_GOLDEN"):
        case.golden.write_text(text)
    assert case.golden.exists(), f"{case.golden} is missing: write it with UPDATE_GOLDEN=1"
    assert text == case.golden.read_text()


def test_every_template_has_a_case() -> None:
    covered = {case.template for case in all_cases()}
    every = {path for path in TEMPLATES.rglob("*.j2") if path.is_file()}
    assert not every - covered, "add a case, as tests/golden/README.md says"


def test_every_golden_file_has_a_case() -> None:
    known = {case.golden for case in all_cases()} | set(GOLDEN.glob("*/cases.yml"))
    folders = [path for path in GOLDEN.iterdir() if path.is_dir() and path.name != "__pycache__"]
    files = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    assert not files - known, "no case writes these"
