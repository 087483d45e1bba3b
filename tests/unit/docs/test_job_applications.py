"""The examples in the pages about applications are what they say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sciportal.jobs.descriptors import document, parameters, render
from sciportal.jobs.mapper import cli
from sciportal.jobs.order import Resources
from sciportal.jobs.shipped import examples

DOCS = Path(__file__).resolve().parents[3] / "docs"
OPERATORS = (DOCS / "operators" / "job-applications.md").read_text()
USERS = (DOCS / "users" / "mapping.md").read_text()
VALUES = {"fit": {"width": 0.5}}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", blocks(OPERATORS, "yaml"), ids=lambda text: text.split()[2])
def test_a_descriptor_can_be_used_and_its_script_is_one_of_sh(text: str) -> None:
    name = yaml.safe_load(text)["name"]
    descriptor = document.parse(text, name)
    render.check(descriptor)
    values = parameters.check(descriptor, VALUES.get(name, {}))
    script = render.render(descriptor, values, ["a.csv", "b c.csv"], Resources())
    subprocess.run(["sh", "-n"], input=script, text=True, check=True, timeout=30)


def test_there_are_examples_of_each_kind() -> None:
    assert len(blocks(OPERATORS, "yaml")) == 3


def test_each_field_of_the_schema_is_told_and_no_other() -> None:
    schema = json.loads((Path(document.__file__).parent / "schema.json").read_text())
    kinds = {
        "Fields": schema["properties"],
        "Parameters": schema["$defs"]["parameter"]["properties"],
        "Files": schema["$defs"]["file"]["properties"],
    }
    for heading, known in kinds.items():
        section = OPERATORS.split(f"## {heading}\n")[1].split("\n## ")[0]
        rows = re.findall(r"^\| (`.*?) \| ", section, re.MULTILINE)
        told = {name for row in rows for name in re.findall(r"`([A-Za-z_]+)`", row)}
        also = set(re.findall(r"`([A-Za-z_]+)`", section))
        assert told <= set(known)
        assert set(known) <= also


def test_each_option_of_the_mapper_is_told() -> None:
    section = OPERATORS.split("## Many points\n")[1].split("\n## ")[0]
    told = set(re.findall(r"`(--[a-z]+)", section))
    known = set(re.findall(r"--[a-z]+", cli._parser().format_help()))
    # How many points a task has is the descriptor's business.
    assert told == known - {"--help", "--chunk"}


def test_each_application_that_ships_is_told() -> None:
    section = OPERATORS.split("## What ships\n")[1]
    shipped = {each.stem for each in Path(examples.__file__).parent.glob("*.yml")}
    assert set(re.findall(r"^\| `([a-z0-9]+)`", section, re.MULTILINE)) == shipped


def test_the_program_prints_what_the_page_says(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(blocks(USERS, "python")[1])
    said = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stdout == blocks(USERS, "text")[1]


def test_the_function_of_the_page_is_evaluated(tmp_path: Path) -> None:
    (tmp_path / "function.py").write_text(blocks(USERS, "python")[0])
    words = ["--function", "function.py", "--range", "0", "1", "3"]
    command = [sys.executable, "-P", "-m", "sciportal.jobs.mapper.cli", *words]
    subprocess.run(command, cwd=tmp_path, timeout=60, check=True, capture_output=True)
    assert json.loads((tmp_path / "results.json").read_text())[0] == [0.0, 1.0]
