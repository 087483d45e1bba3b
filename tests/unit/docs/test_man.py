"""The man page, as the role writes it."""

from __future__ import annotations

import re
import subprocess

from sciportal.service.manual import EXITS, FILES, VERBS
from sciportal.service.options import SHOWN
from unit.docs.tables import ROOT

WRITTEN = ROOT / "tests/golden/service/sbatch-service.1"


def read(*options: str) -> str:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tascii", "-P-c", "-rLL=80n", *options, WRITTEN],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    # Bold and underlined letters are typed twice.
    return re.sub(".\b", "", done.stdout)


def test_groff_finds_nothing_amiss_and_the_page_fits_into_80_columns() -> None:
    assert max(map(len, read().splitlines())) <= 80


def test_the_page_has_every_action_option_exit_code_and_file() -> None:
    page = read()
    flat = " ".join(page.split())
    for verb in VERBS:
        assert re.search(rf"^ +{verb} \[?SERVICE", page, re.MULTILINE), verb
    for option in SHOWN:
        assert option.forms[-1] in flat
    for code in EXITS:
        assert re.search(rf"^ +{code} ", page, re.MULTILINE), code
    for path in FILES:
        assert f"~/{path}" in flat
    assert "`" not in page


def test_what_is_typed_is_no_hyphen() -> None:
    # In a page a plain minus sign becomes a hyphen, which no shell takes for an option.
    bold = re.findall(r"\\fB(.*?)\\fR", WRITTEN.read_text())
    assert bold
    assert not [text for text in bold if re.search(r"(?<!\\)-", text)]
