"""Ports that are given to services before these are set up: the verb behind module uwsgi_port."""

from __future__ import annotations

import json

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service import listening, portfile, ports
from sciportal.service.errors import ServiceError, UsageError
from sciportal.service.kinds import TYPES
from sciportal.service.layout import Layout
from sciportal.service.ledger import Ledger
from sciportal.service.names import check_service, job_name
from sciportal.service.reservation import holders_of_ports, kept_ports, ports_lock
from sciportal.service.setup import directories

if TYPE_CHECKING:
    from typing import Any

    from sciportal.service.job import Job
    from sciportal.service.session import Session

PRESENT, ABSENT, SHOWN = "present", "absent", "shown"

# uid % 8192 + 8192 (seed 000).
_BASE = TYPES["uwsgi"].port_base


class Wanted(NamedTuple):
    """What is asked for."""

    state: str
    service: str
    port: int
    """0 for one that is chosen."""
    lowest: int
    """0 for the range that the seed's rule gives."""
    highest: int


def read(text: str) -> Wanted:
    """The document on the standard input of the call.

    Raises:
        UsageError: it is none.
    """
    try:
        values = json.loads(text)
        state, service = values["state"], check_service(values.get("service") or "uwsgi")
        numbers = [values.get(key) or 0 for key in ("port", "lowest", "highest")]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError("the input", f"it is no such document ({error})", "see port") from None
    are_numbers = all(isinstance(each, int) and not isinstance(each, bool) for each in numbers)
    if state not in (PRESENT, ABSENT, SHOWN) or not are_numbers:
        raise UsageError("the input", f"state {state!r} or a number is wrong", "see port")
    return Wanted(state, service, *numbers)


def run(session: Session, wanted: Wanted) -> list[dict[str, Any]]:
    """Do it, or with --check say what would be done.

    Raises:
        ServiceError: there is no such port, or it is not to be had.
        UnknownError: Slurm does not answer, so that nobody knows who has which port.
    """
    if wanted.state == SHOWN:
        kept = kept_ports(session)
        return [_result(session, kept[port], port) for port in sorted(kept)]
    session.account.check_member(session.site.group)
    if session.options.check:
        return [_Allocation(session, wanted).work()]
    directories(session.home)
    lock = ports_lock(session)
    try:
        return [_Allocation(session, wanted).work()]
    finally:
        lock.release()


class _Allocation:
    """One port for one service, while the lock of the account's ports is held.

    Args:
        session: of this call.
        wanted: what is asked for.
    """

    def __init__(self, session: Session, wanted: Wanted) -> None:
        self._session = session
        self._wanted = wanted
        self._layout = Layout(wanted.service)
        self._ledger = Ledger.load(session.home, self._layout)
        self._recorded = portfile.load(session.home, self._layout, self._ledger.port)
        self._path = session.home.path(portfile.path_of(self._layout))
        site = session.site
        self._lowest = wanted.lowest or max(_BASE, site.port_min)
        self._highest = wanted.highest or site.port_max
        if not site.port_min <= self._lowest <= self._highest <= site.port_max:
            raise ServiceError(
                f"a port from {self._lowest} to {self._highest}",
                "that is no range of ports for services",
                f"give one within {site.port_min} to {site.port_max}",
            )

    def work(self) -> dict[str, Any]:
        port = self._recorded.port
        if self._wanted.state == ABSENT:
            return self._remove() if port else self._unchanged()
        return self._unchanged() if port and self._suits(port) else self._allocate()

    def _suits(self, port: int) -> bool:
        return self._lowest <= port <= self._highest and self._wanted.port in (0, port)

    def _allocate(self) -> dict[str, Any]:
        site = self._session.site
        jobs = self._session.slurm.jobs(partitions=[site.partition])
        self._check_mine("change", jobs)
        chosen = self._free(jobs)
        self._note(chosen)
        return self._changed(chosen)

    def _free(self, jobs: list[Job]) -> int:
        """A port that nobody has: neither a job, nor a service of the account, nor a program."""
        session, wanted = self._session, self._wanted.port
        holders = holders_of_ports(job for job in jobs if not self._is_mine(job))
        mine = kept_ports(session, without=self._wanted.service)
        if wanted:
            ports.check(wanted, self._lowest, self._highest)
            self._check_free(wanted, holders, mine)
            return wanted
        taken = set(holders) | set(mine) | listening.strangers(session.account.uid)
        kept = self._ledger.port
        if kept not in taken and self._suits(kept):
            return kept
        base = self._wanted.lowest or _BASE
        return ports.choose(session.account.uid, base, self._lowest, self._highest, taken)

    def _check_free(self, port: int, holders: dict[int, Job], mine: dict[int, str]) -> None:
        found = ""
        if port in holders:
            holder = holders[port]
            found = f"job {holder.id} ({holder.name} of {holder.user}) has it"
        elif port in mine:
            found = f"your service {mine[port]} keeps it"
        else:
            found = listening.obstacle(port, self._session.account.uid)
        if found:
            raise ServiceError(f"port {port}", found, "give another one, or none to have it chosen")

    def _remove(self) -> dict[str, Any]:
        jobs = self._session.slurm.jobs(
            user=self._session.account.name, names=[job_name(self._wanted.service)]
        )
        self._check_mine("remove", jobs)
        self._note(0)
        return self._changed(0)

    def _check_mine(self, verb: str, jobs: list[Job]) -> None:
        """Refuse to touch a file of the account's own, or the port of a job that runs."""
        running = next((job for job in jobs if self._is_mine(job) and not job.is_over), None)
        if self._recorded.is_own:
            found, advice = "you wrote or edited it", f"{verb} it yourself"
        elif running and self._recorded.port:
            found, advice = f"job {running.id} runs with it", "stop the service first"
        else:
            return
        raise ServiceError(f"the port in {self._path}", found, advice)

    def _is_mine(self, job: Job) -> bool:
        same = job.name == job_name(self._wanted.service)
        return same and job.user == self._session.account.name

    def _note(self, port: int) -> None:
        home = self._session.home
        if self._session.options.check:
            return
        if port:
            home.make_directory(self._layout.own)
            home.write(portfile.path_of(self._layout), portfile.text(port))
        else:
            home.remove(portfile.path_of(self._layout))
        # Without a ledger the service was never set up, and is not to look as if it were.
        if home.is_there(self._layout.ledger):
            self._ledger.port = port
            self._ledger.save(home, self._layout)

    def _unchanged(self) -> dict[str, Any]:
        return _result(self._session, self._wanted.service, self._recorded.port)

    def _changed(self, port: int) -> dict[str, Any]:
        return {
            **_result(self._session, self._wanted.service, port),
            "changed": True,
            "before": {"port": self._recorded.port or None},
            "after": {"port": port or None},
        }


def _result(session: Session, service: str, port: int) -> dict[str, Any]:
    return {
        "service": service,
        "account": session.account.name,
        "changed": False,
        "port": port or None,
        "exit_code": 0,
        "message": "",
    }
