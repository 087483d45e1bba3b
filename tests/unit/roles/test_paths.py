"""The role identity refuses paths that it could not serve as they are given."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.template import Templar

from golden.render import _loader, _yaml
from unit.roles.test_variables import ROLES


def refused(*paths: dict[str, Any], **given: Any) -> list[str]:
    """The paths that are refused."""
    variables: dict[str, Any] = {
        **_yaml(ROLES / "identity/defaults/main.yml"),
        **_yaml(ROLES / "identity/vars/main.yml"),
        **given,
        "identity_paths": list(paths),
    }
    templar = Templar(loader=_loader, variables=variables)
    found = templar.resolve_variable_expression("__identity_wrong_paths")
    return sorted({each["path"] for each in found})


def path(where: str = "/x", backend: str = "http://127.0.0.1:5000", **more: Any) -> dict[str, Any]:
    """An entry of identity_paths."""
    return {"path": where, "backend": backend, **more}


def test_paths_with_applications_are_taken() -> None:
    assert refused() == []
    assert refused(path("/a"), path("/a/b.c"), path("/a-b", users=["x"]), path("/~a")) == []


@pytest.mark.parametrize(
    "where",
    [
        "",
        "/",
        "a",
        "/a/",
        "//a",
        "/a/../b",
        "/.a",
        "/a b",
        "/a\n",
        '/a"',
        "/a|b",
        "/Shibboleth.sso",
    ],
)
def test_what_is_no_path_or_the_doors_own_is_refused(where: str) -> None:
    assert refused(path("/good"), path(where)) == [where]


@pytest.mark.parametrize("backend", ["http://[::1]:5000", "unix:/run/a.sock|uwsgi://a/"])
def test_sockets_and_addresses_of_both_families_are_applications(backend: str) -> None:
    assert refused(path(backend=backend)) == []


@pytest.mark.parametrize(
    "backend",
    [
        "",
        "ftp://a",
        "http://",
        "http://a b",
        'http://a/"',
        "http://a\n",
        "http://a:999999",
        "!",
        "ajp://a",
    ],
)
def test_what_is_no_application_is_refused(backend: str) -> None:
    assert refused(path(backend=backend)) == ["/x"]


def test_a_path_that_is_there_twice_is_refused() -> None:
    assert refused(path("/a"), path("/b"), path("/a", "uwsgi://b:1")) == ["/a"]


def test_only_certain_people_and_everybody_is_refused() -> None:
    assert refused(path(users=["a"], optional=True)) == ["/x"]
    assert refused(path(users=["a"], optional=False)) == []


@pytest.mark.parametrize("pattern", ["", "a b", 'a"', "a>", "a\n", "a|b\n</Location>", "%{x}"])
def test_what_would_mean_something_else_in_the_configuration_is_refused(pattern: str) -> None:
    assert refused(path(open=["agents/[0-9]+", "list\\.json"])) == []
    assert refused(path(open=["good", pattern])) == ["/x"]


def test_the_job_portals_paths_are_not_for_others() -> None:
    assert refused(path("/jobs")) == []
    assert refused(path("/jobs"), job_portal_applications=["shell"]) == ["/jobs"]
    elsewhere = {"job_portal_server_name": "portal.example.org"}
    assert refused(path("/jobs"), job_portal_applications=["shell"], **elsewhere) == []
