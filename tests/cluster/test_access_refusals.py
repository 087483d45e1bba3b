"""What would let in the wrong people is said by the roles before anything is replaced.

What else they refuse of hosts and of the map is in tests/unit/roles and tests/unit/identity.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cluster.doors import IDP, SERVICES
from cluster.plays import play
from cluster.testbed import WEB, Cluster

# Others change the configuration, too, but for a moment.
pytestmark = [pytest.mark.alone, pytest.mark.more]

FILES = ["/etc/apache2", "/etc/shibboleth", "/etc/sciportal", "/usr/local/share/sciportal"]


def files(cluster: Cluster) -> str:
    """The configuration of the web host."""
    # The workers follow the routes, of which other tests leave some behind.
    which = ["-type", "f", "-not", "-path", "*/sciportal/workers/*"]
    argv = ["find", *FILES, *which, "-exec", "sha256sum", "{}", "+"]
    return "\n".join(sorted(cluster.run(WEB, argv).out.splitlines()))


@pytest.mark.parametrize(
    ("role", "variables", "said"),
    [
        (
            "frontend",
            {"frontend_domains": [{"domain": f"a.{SERVICES}", "account": "alice"}]},
            f"a.{SERVICES} is within frontend_services_domain, {SERVICES}",
        ),
        (
            "identity",
            {"identity_accounts": [{"issuer": f"{IDP}/idp", "users": {"alice": "alicia"}}]},
            "there is no account 'alicia' on this host; make it, or correct it",
        ),
    ],
)
def test_what_would_let_in_others_is_refused(
    cluster: Cluster, tmp_path: Path, role: str, variables: dict[str, Any], said: str
) -> None:
    before = files(cluster)
    playbook = tmp_path / "play.yml"
    playbook.write_text(f"- hosts: sciportal_web\n  roles:\n    - role: sciportal.hosting.{role}\n")
    played = play(playbook, variables)
    assert played.code != 0
    assert said in " ".join(played.text.split())
    assert played.changed == 0
    assert files(cluster) == before
