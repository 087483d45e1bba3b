"""The documentation names everything that there is, with the right values."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from messages import table
from sciportal.frontend import cli as frontend_cli
from sciportal.frontend import health
from sciportal.service import cli, document, errors, kinds, result, words
from sciportal.service.job import State
from sciportal.service.result import Result
from sciportal.service.site import Site
from unit.docs import regions, tables
from unit.docs.tables import ROOT

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [README, *sorted(DOCS.rglob("*.md"))]
IDS = [str(page.relative_to(ROOT)) for page in PAGES]
FORMS = [
    ROOT / "templates/service" / name
    for name in ("sbatch-service.bash.j2", "_sbatch-service.j2", "sbatch-service.1.j2")
]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())


def text(name: str) -> str:
    """A page by its path below docs/."""
    return (DOCS / name).read_text()


def flat(name: str) -> str:
    """A page with its lines joined."""
    return " ".join(text(name).split())


def first_cells(page: str) -> set[str]:
    """The first cells of all tables of a page, each one that names several split up."""
    rows = re.findall(r"^\| (.+?) \|", page, re.MULTILINE)
    return {part.strip() for row in rows for part in row.split(",")}


def section(page: str, heading: str) -> str:
    """The text below a heading of the second level."""
    return re.split(r"^## ", page.split(f"\n## {heading}\n")[1], flags=re.MULTILINE)[0]


# Tables that are made from the code.


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_tables_are_as_the_code_has_it(page: Path) -> None:
    there = page.read_text()
    wanted = tables.filled(there)
    if os.environ.get("UPDATE_DOCS"):
        page.write_text(wanted)
    else:
        assert there == wanted, "UPDATE_DOCS=1 pytest tests/unit/docs writes them anew"


@pytest.mark.parametrize("template", FORMS, ids=lambda path: path.name)
def test_completions_and_man_page_are_as_the_code_has_it(template: Path) -> None:
    there = template.read_text()
    wanted = regions.filled(there)
    if os.environ.get("UPDATE_DOCS"):
        template.write_text(wanted)
    else:
        assert there == wanted, "UPDATE_DOCS=1 pytest tests/unit/docs writes them anew"


def test_every_region_is_used() -> None:
    every = "".join(template.read_text() for template in FORMS)
    assert not [name for name in regions.MAKERS if f" table: {name}\n" not in every]


def test_every_role_has_its_table_of_settings() -> None:
    for role in ROLES:
        assert f"<!-- table: role {role} -->" in text("operators/settings.md")


# The command.


def test_every_action_is_described() -> None:
    described = first_cells(section(text("users/commands.md"), "Actions"))
    assert {f"`{action}`" for action in words.ACTIONS} <= described
    assert f"`sbatch-service {words.APPLY}`" in text("users/commands.md")


def test_every_exit_code_is_described() -> None:
    kinds_ = [errors.ServiceError, *errors.ServiceError.__subclasses__()]
    codes = {0, cli.INTERRUPTED, *(kind.exit_code for kind in kinds_)}
    section_ = section(text("users/commands.md"), "Exit codes")
    assert first_cells(section_) - {"code", "---"} == {str(code) for code in codes}
    assert ", ".join(map(str, result._WORST_FIRST)) in section_.replace(" and ", ", ")


def test_every_state_is_described() -> None:
    assert {f"`{state.value}`" for state in State} <= first_cells(text("users/commands.md"))


def test_the_route_daemon_is_described() -> None:
    page = text("operators/install.md")
    parser = frontend_cli._parser()
    (verbs,) = (each.choices for each in parser._actions if isinstance(each.choices, dict))
    assert all(f"`{verb}`" in page for verb in verbs)
    codes = first_cells(section(page, "The route daemon"))
    assert {str(code) for code in (health.FINE, health.STALE, health.UNKNOWN)} <= codes


def test_values_in_sentences_are_the_defaults() -> None:
    site = Site()
    said = {
        "operators/install.md": [f"{site.port_min} to {site.port_max}"],
        "operators/existing-cluster.md": [f"not {site.message_timeout} s"],
        "users/custom-service.md": [
            f"`{' '.join(site.sbatch)}`",
            f"`init` may take {site.init_timeout // 60} minutes and the others one",
        ],
        "users/first-service.md": [
            f"port {kinds.TYPES['apache'].port_base + 2001 % kinds.PORT_SPAN}",
            f"the group `{site.group}`",
        ],
    }
    assert site.stage_timeout == 60
    for page, phrases in said.items():
        for phrase in phrases:
            assert phrase in flat(page), f"{page}: {phrase}"


def test_the_contract_names_every_key() -> None:
    page = text("developers/json.md")
    described = first_cells(page)
    for keys in (Result._fields, document.Wanted._fields, document.STATES, health.Health._fields):
        for key in keys:
            assert f"`{key}`" in described or f"`{key}`" in page, key
    assert {f"`{state}`" for state in document.STATES} <= described
    assert {f"`{state}`" for state in document.STATES} <= first_cells(
        text("operators/accounts-from-data.md")
    )


def test_the_contract_names_every_step() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    steps = set(re.findall(r'\bStep\("([a-z]+)"', sources))
    described = first_cells(section(text("developers/json.md"), "Steps"))
    assert steps
    assert described - {"`step`", "---"} == {f"`{step}`" for step in steps}


# The collection.


def test_readme_names_every_part_of_the_collection() -> None:
    named = first_cells(README.read_text())
    playbooks = {path.name for path in (ROOT / "playbooks").glob("*.yml")}
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
    inventory = yaml.safe_load((ROOT / "molecule/inventory/hosts.yml").read_text())
    groups = inventory["all"]["children"]["sciportal_cluster"]["children"]
    # The provider is the tests' own.
    for part in {*ROLES, *modules, *playbooks, *groups} - {"identity_provider"}:
        assert f"`{part}`" in named, part


def test_make_targets_that_are_mentioned_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        mentioned = re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(), re.MULTILINE)
        assert set(mentioned) <= targets, page


def test_files_that_are_mentioned_exist() -> None:
    places = r"(?:src|roles|templates|playbooks|tests|tools|molecule|build_backend|changelogs)"
    for page in PAGES:
        for name in re.findall(rf"`({places}/[a-z0-9_./-]+)`", page.read_text()):
            assert (ROOT / name).exists(), f"{page}: {name}"


@pytest.mark.parametrize("role", ROLES)
def test_documented_defaults_are_those_of_the_role(role: str) -> None:
    defaults = yaml.safe_load((ROOT / "roles" / role / "defaults" / "main.yml").read_text())
    path = ROOT / "roles" / role / "meta" / "argument_specs.yml"
    entries: dict[str, Any] = yaml.safe_load(path.read_text())["argument_specs"]
    options = {name: spec for entry in entries.values() for name, spec in entry["options"].items()}
    assert options.keys() == defaults.keys()
    for name, spec in options.items():
        if "default" in spec:
            assert spec["default"] == defaults[name], name


def test_the_role_has_the_commands_own_defaults() -> None:
    options = tables.arguments("sbatch_service")
    for key, value in Site()._asdict().items():
        default = options[f"sbatch_service_{key}"]["default"]
        assert default == (list(value) if isinstance(value, tuple) else value), key


# Messages.


MESSAGES = [each for section in table.SECTIONS for each in table.messages(section)]


def test_messages_are_the_commands_own() -> None:
    places = [ROOT / name for name in ("src", "templates", "roles/account", "plugins")]
    sources = "".join(
        path.read_text() for place in places for path in place.rglob("*") if is_text(path)
    )
    # A literal that goes on in the next line.
    code = " ".join(re.sub(r'"\s*\n\s*(?:\.\. )?f?"', "", sources).split())
    for phrase in (phrase for message in MESSAGES for phrase in message.found):
        for part in phrase.split("..."):
            ours = part.strip(" ,;") in code
            assert ours or os_says(phrase), f"nothing says {phrase!r}"


def test_every_section_of_messages_is_on_the_page() -> None:
    page = text("users/messages.md")
    assert [name for name in table.SECTIONS if f"<!-- table: messages {name} -->" not in page] == []


def test_every_message_is_made_to_happen_somewhere() -> None:
    tried = {each.message for each in table.cases()}
    for message in MESSAGES:
        assert message in tried or message.test, message
        if message.test:
            path, _, name = message.test.partition("::")
            assert f"\ndef {name}(" in (ROOT / path).read_text(), message.test


def test_every_error_of_the_command_is_in_the_table() -> None:
    phrases = [phrase for message in MESSAGES for phrase in message.found]
    parts = [part.strip(" ,;") for phrase in phrases for part in phrase.split("...")]
    said = [part for case in table.cases() for part in case.says]
    known = [part for part in (*parts, *said) if part]
    missing = [
        literals
        for path in (ROOT / "src/sciportal/service").glob("*.py")
        for literals in findings(ast.parse(path.read_text()))
        if not any(part in each or each in part for part in known for each in literals)
    ]
    assert missing == []


def findings(tree: ast.AST) -> Iterator[list[str]]:
    """What the errors of a module say was found: the literal parts of several words."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id.endswith("Error") and len(node.args) == 3:
            parts = [each for each in ast.walk(node.args[1]) if isinstance(each, ast.Constant)]
            literals = [each.value for each in parts if isinstance(each.value, str)]
            # One word beside what the system says is no sentence to look up.
            if sentences := [each for each in literals if " " in each.strip()]:
                yield sentences


def is_text(path: Path) -> bool:
    """Whether this is a source file."""
    return path.is_file() and path.suffix != ".pyc"


def os_says(phrase: str) -> bool:
    """Whether the phrase is one of the operating system's."""
    return phrase in {os.strerror(number) for number in range(1, 132)}


# Form.


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_somewhere(page: Path) -> None:
    content = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    content = re.sub(r"`[^`]*`", "", content)
    for target in re.findall(r"\]\(([^)\s]+)\)", content):
        if re.match(r"[a-z]+:", target):
            continue
        name, anchor = [*target.split("#", 1), ""][:2]
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there), target


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and mkdocs make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", each.lower()).replace(" ", "-") for each in headings}


def test_readme_is_short_and_begins_with_what_to_type() -> None:
    lines = README.read_text().splitlines()
    assert len(lines) < 150
    typed = [number for number, line in enumerate(lines) if line.startswith("make ")]
    assert len(typed) >= 2
    assert max(typed[:2]) < 20


def test_the_site_builds(tmp_path: Path) -> None:
    # Not --quiet: what is not shown is not counted as a warning either.
    argv = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(
        [*argv, "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "site" / "users" / "commands.html").exists()
