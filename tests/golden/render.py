"""Golden cases and how they are rendered: as ansible.builtin.template would, or as a type does."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template

from sciportal.service.types import formats

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
TEMPLATES = ROOT / "templates"

_loader = DataLoader()
init_plugin_loader()


class Case(NamedTuple):
    """One template with one set of inputs."""

    component: str
    name: str
    template: Path
    variables: dict[str, Any]

    @property
    def golden(self) -> Path:
        """The file that holds what the template is to write."""
        return GOLDEN / self.component / self.name

    def __str__(self) -> str:
        return f"{self.component}/{self.name}"

    def text(self) -> str:
        """What the template writes."""
        variables = {"ansible_managed": "Ansible managed", **self.variables}
        templar = Templar(loader=_loader, variables=variables)
        searchpath = [str(self.template.parent), str(TEMPLATES)]
        templar = templar.copy_with_new_env(searchpath=searchpath, available_variables=variables)
        source = trust_as_template(self.template.read_text())
        # The defaults of the module ansible.builtin.template.
        overrides = {"trim_blocks": True, "lstrip_blocks": False, "newline_sequence": "\n"}
        return str(templar.template(source, escape_backslashes=False, overrides=overrides))


class Data(NamedTuple):
    """One file of a service's type, with the data that it is written from."""

    component: str
    name: str
    service: str
    file: str
    config: dict[str, Any]
    template: None = None

    @property
    def golden(self) -> Path:
        """The file that holds what the type is to write."""
        return GOLDEN / self.component / self.name

    def __str__(self) -> str:
        return f"{self.component}/{self.name}"

    def text(self) -> str:
        """What the type writes."""
        files = formats.files(self.service, self.config, self.service)
        return next(each.text for each in files if each.name == self.file)


def all_cases() -> list[Case | Data]:
    """The cases of every `cases.yml`."""
    return [case for path in sorted(GOLDEN.glob("*/cases.yml")) for case in _cases(path)]


def _cases(path: Path) -> list[Case | Data]:
    component = path.parent.name
    content = _yaml(path)
    if "roles" not in content:
        return [Data(component, name, **case) for name, case in content["cases"].items()]
    shared: dict[str, Any] = {}
    for role in content["roles"]:
        for part in ("defaults", "vars"):
            file = ROOT / "roles" / role / part / "main.yml"
            if file.exists():
                shared.update(_yaml(file) or {})
    shared.update(content.get("vars") or {})
    return [
        Case(
            component,
            name,
            TEMPLATES / component / case["template"],
            {**shared, **(case.get("vars") or {})},
        )
        for name, case in content["cases"].items()
    ]


def _yaml(path: Path) -> Any:
    return _loader.load_from_file(str(path), trusted_as_template=True)
