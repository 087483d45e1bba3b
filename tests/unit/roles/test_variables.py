"""The variables of the roles: their defaults, their documentation and what they set agree."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from sciportal.service.site import Site

ROLES = Path(__file__).resolve().parents[3] / "roles"
ROOT = ROLES.parent
OURS = (
    "sbatch_service",
    "account",
    "apparmor",
    "identity",
    "job_portal",
    "job_worker",
    "supervisord",
    "uwsgi_app",
)


def content(role: str, file: str) -> Any:
    return yaml.safe_load((ROLES / role / file).read_text())


def documented(role: str) -> dict[str, Any]:
    """All options in the argument specs of a role."""
    specs = content(role, "meta/argument_specs.yml")["argument_specs"]
    return {name: option for spec in specs.values() for name, option in spec["options"].items()}


def test_every_key_of_the_sites_settings_is_a_variable_with_its_default() -> None:
    defaults = content("sbatch_service", "defaults/main.yml")

    for key, value in Site()._asdict().items():
        expected = list(value) if isinstance(value, tuple) else value
        assert defaults[f"sbatch_service_{key}"] == expected


@pytest.mark.parametrize("role", OURS)
def test_defaults_and_argument_specs_name_the_same_variables(role: str) -> None:
    defaults = content(role, "defaults/main.yml")
    specs = documented(role)

    assert set(specs) == set(defaults)
    for name, option in specs.items():
        if not option.get("required"):
            assert option["default"] == defaults[name], name


@pytest.mark.parametrize("role", OURS)
def test_the_readme_names_every_variable(role: str) -> None:
    readme = (ROLES / role / "README.md").read_text()

    assert not [name for name in documented(role) if f"`{name}`" not in readme]


def test_the_commands_on_hosts_are_those_of_the_package() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    programs = content("sbatch_service", "vars/main.yml")["__sbatch_service_programs"]

    assert {name: f"{module}:main" for name, module in programs.items()} == scripts
