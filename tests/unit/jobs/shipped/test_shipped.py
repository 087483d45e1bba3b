"""The applications that come with the portal can be used, and their examples be submitted."""

from __future__ import annotations

import pytest

from sciportal.jobs.descriptors import parameters, render
from sciportal.jobs.descriptors.document import Descriptor
from sciportal.jobs.order import Resources
from sciportal.jobs.shipped import examples

NAMES = ["bumps", "refl1d", "scan", "shell"]


def test_all_of_them_can_be_used(shipped: dict[str, Descriptor]) -> None:
    assert sorted(shipped) == NAMES
    assert all(each.title and each.description and each.outputs for each in shipped.values())
    assert not any(each.network for each in shipped.values())


@pytest.mark.parametrize("name", ["bumps", "refl1d", "scan"])
def test_an_example_is_what_its_application_takes(
    shipped: dict[str, Descriptor], name: str
) -> None:
    files = examples.of(name)
    assert len(files) == 2
    parameters.check_files(shipped[name], {each: len(data) for each, data in files.items()})
    values = parameters.check(shipped[name], {})
    script = render.render(shipped[name], values, sorted(files), Resources())
    assert "/opt/science/bin/" in script


def test_scripts_say_what_was_asked_for(shipped: dict[str, Descriptor]) -> None:
    values = parameters.check(shipped["bumps"], {"fit": "lm", "steps": 30, "seed": 7, "cpus": 3})
    script = render.render(shipped["bumps"], values, ["model.py"], Resources())
    assert "--fit=lm" in script
    assert "--steps=30" in script
    assert "--seed=7 --parallel=3" in script
    assert "--samples" not in script
    values = parameters.check(shipped["shell"], {"commands": "echo 'a' \"$(id)\"\n"})
    script = render.render(shipped["shell"], values, [], Resources())
    assert script == """exec /bin/sh -c 'echo '"'"'a'"'"' "$(id)"\n'\n"""


@pytest.mark.parametrize(
    "name", ["", "shell", "absent", "..", "../shipped", "examples/bumps", "a\0"]
)
def test_there_are_no_other_examples(name: str) -> None:
    assert examples.of(name) == {}
