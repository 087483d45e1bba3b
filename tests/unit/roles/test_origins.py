"""The role frontend refuses hosts that would share an origin, or a name."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.template import Templar

from golden.render import _loader, _yaml
from unit.roles.test_variables import ROLES


def value(name: str, **given: Any) -> Any:
    """A variable of the role, with others as an inventory has them."""
    variables: dict[str, Any] = {
        **_yaml(ROLES / "frontend/defaults/main.yml"),
        **_yaml(ROLES / "frontend/vars/main.yml"),
        "ansible_facts": {"fqdn": "web.example.org"},
        **given,
    }
    return Templar(loader=_loader, variables=variables).resolve_variable_expression(name)


DOORS = {"identity_metadata": "/etc/idp.xml"}


@pytest.mark.parametrize(
    ("given", "shared"),
    [
        ({}, []),
        # Without doors there is nothing to share.
        ({"identity_server_name": "web.example.org"}, []),
        # Both roles' default is the name of the host.
        (DOORS, ["web.example.org"]),
        ({"identity_ca_dir": "/etc/ca"}, ["web.example.org"]),
        ({**DOORS, "identity_server_name": "portal.example.org"}, []),
        ({**DOORS, "identity_server_name": "WEB.example.org"}, ["web.example.org"]),
        (
            {**DOORS, "identity_server_name": "p.org", "frontend_server_aliases": ["P.org"]},
            ["p.org"],
        ),
        (
            {
                **DOORS,
                "identity_server_name": "p.org",
                "frontend_domains": [{"domain": "p.org", "account": "alice"}],
            },
            ["p.org"],
        ),
    ],
)
def test_the_doors_have_a_name_that_no_public_page_has(
    given: dict[str, Any], shared: list[str]
) -> None:
    assert value("__frontend_shared_names", **given) == shared


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"frontend_server_name": "x.s.org"}, ["x.s.org"]),
        ({"frontend_server_name": "s.org"}, ["s.org"]),
        ({"frontend_server_aliases": ["a.b.S.org"]}, ["a.b.s.org"]),
        ({**DOORS, "identity_server_name": "portal.s.org"}, ["portal.s.org"]),
        ({"frontend_domains": [{"domain": "a.s.org", "account": "alice"}]}, ["a.s.org"]),
        ({"frontend_domains": [{"domain": "as.org", "account": "alice"}]}, []),
        ({"frontend_domains": [{"domain": "a.sxorg", "account": "alice"}]}, []),
        ({"frontend_domains": [{"domain": "s.org.x", "account": "alice"}]}, []),
    ],
)
def test_no_other_host_is_within_the_domain_of_services(
    given: dict[str, Any], found: list[str]
) -> None:
    assert value("__frontend_overlapping", frontend_services_domain="s.org", **given) == found
    assert value("__frontend_overlapping", **given) == []
