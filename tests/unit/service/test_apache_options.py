"""The table of options, the configuration that has them, and the files that explain them."""

from __future__ import annotations

import re
from pathlib import Path

from sciportal.service.types import apache_files
from sciportal.service.types.apache_options import OPTIONS
from sciportal.service.types.owned import checksum

ROOT = Path(__file__).resolve().parents[3]
CONFIGURATION = (ROOT / "tests/golden/apache/account.conf-https").read_text()
# In the seed with their names; the names of the others are lost there.
SEED = {
    *("EnablePHP", "EnableExplicitCGI", "EnableContainedCGI", "EnableExplicitSSI"),
    *("DisableHTTPS", "DebugRewriting", "PrefixParts"),
}


def test_the_configuration_has_the_options_of_the_table_and_no_others() -> None:
    tested = set(re.findall(r"<IfDefine !?([A-Za-z]+)>", CONFIGURATION))
    assert tested == {each.name for each in OPTIONS}


def test_the_names_of_the_seed_are_marked() -> None:
    assert {each.name for each in OPTIONS if each.of_seed} == SEED


def test_options_conf_explains_every_option_and_switches_none() -> None:
    text = apache_files.options()
    assert [line for line in text.splitlines() if line and not line.startswith("#")] == []
    for each in OPTIONS:
        assert f"\n#{each.line}\n" in text
        assert each.effect in " ".join(text.replace("\n#", "").split())


def test_the_readme_explains_every_option() -> None:
    text = apache_files.readme()
    for each in OPTIONS:
        assert f"\n{each.line}\n" in text


def test_texts_of_the_first_version_count_as_ours() -> None:
    first = """\
# Options of your web server, in Apache's syntax. This file is read before everything else;
# a change takes effect with: sbatch-service restart apache
"""
    assert checksum(first) in apache_files.EARLIER
