"""The role job_portal writes an account map that its reader takes, and refuses all others."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.template import Templar

from golden.render import TEMPLATES, Case, _loader, _yaml
from sciportal.jobs.accounts.account_map import AccountMap, Programs
from sciportal.service.errors import UsageError
from unit.roles.test_variables import ROLES

PATHS = ("job_portal_openssh_config", "job_portal_slurm_conf", "job_portal_slurm_bin")


def variables(**given: Any) -> dict[str, Any]:
    """Of the role, in a play that gives these values."""
    found: dict[str, Any] = {}
    for part in ("defaults", "vars"):
        found |= _yaml(ROLES / "job_portal" / part / "main.yml")
    return found | given


def resolved(name: str, **given: Any) -> Any:
    """One of them."""
    return Templar(loader=_loader, variables=variables(**given)).resolve_variable_expression(name)


def read(**given: Any) -> AccountMap:
    """The map as it is written."""
    template = TEMPLATES / "jobs/portal-accounts.toml.j2"
    return AccountMap.parse(Case("jobs", template.stem, template, variables(**given)).text())


def refused(**given: Any) -> list[str]:
    """The variables that are refused."""
    return list(resolved("__job_portal_wrong_paths", **given))


def test_nothing_is_said_by_default() -> None:
    assert refused() == []
    assert read().programs == Programs()


def test_each_is_where_its_reader_looks() -> None:
    paths = dict(
        zip(PATHS, ("/etc/a/ssh_config", "/opt/s-1/slurm.conf", "/opt/s@1+x"), strict=True)
    )
    assert refused(**paths) == []
    assert read(**paths).programs == Programs(*paths.values())
    assert read(**{PATHS[1]: "/a"}).programs == Programs(slurm_conf="/a")
    far = {"user": "alice", "host": "far", "account": "al"}
    whole = read(**paths, job_portal_accounts=[far])
    assert whole.find("alice", "far").address == "far"
    assert whole.programs == Programs(*paths.values())


def test_the_commands_of_slurm_are_those_of_the_site() -> None:
    assert read(sbatch_service_slurm_bin="/opt/slurm/bin").programs.slurm_bin == "/opt/slurm/bin"


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize(
    "value",
    [
        "relative",
        "/",
        "/a/",
        "/a b",
        "/a\n",
        "/a;id",
        "/$(id)",
        "/a,",
        '/a"\nx = "',
        "/" + "x" * 128,
    ]
    + ["/a" * 33, "~/.ssh/config"],
)
def test_what_its_reader_would_refuse_is_refused(name: str, value: str) -> None:
    assert refused(**{name: value}) == [name]
    with pytest.raises(UsageError, match="absolute path"):
        read(**{name: value})


def test_openssh_is_installed_where_somebody_is_elsewhere() -> None:
    def wanted(*accounts: dict[str, str]) -> Any:
        return resolved("__job_portal_has_hosts", job_portal_accounts=list(accounts))

    here = {"user": "alice"}
    assert [wanted(), wanted(here), wanted({**here, "host": ""})] == [False] * 3
    assert wanted(here, {**here, "host": "far"}) is True
