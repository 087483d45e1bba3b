"""Which jobs somebody may see. What he may not see is not there for him: 404, never 403."""

from __future__ import annotations

from sciportal.jobs import names
from sciportal.jobs.store.job import Job, Listing
from sciportal.jobs.web.auth import Identity
from sciportal.jobs.web.problems import missing
from sciportal.jobs.web.routes import Call


def owner(identity: Identity) -> str:
    """Whom jobs belong to that `identity` submits."""
    return identity.user or names.ANONYMOUS


def may_see(identity: Identity, job: Job) -> bool:
    """Whether a job is one of `identity`'s; all are an operator's.

    Where nobody signed in, who comes from the same address is taken for the same.
    """
    if identity.operator:
        return True
    if job.owner != owner(identity):
        return False
    return bool(identity.user) or job.origin == identity.origin


def job(call: Call, number: int) -> Job:
    """The job of this number.

    Raises:
        ProblemError: there is none that this visitor may see.
    """
    found = call.web.portal.store.job(number)
    if found is None or found.deleted_at is not None or not may_see(call.identity, found):
        raise missing(f"job {number}")
    return found


def listing(identity: Identity, *, everybody: bool = False) -> Listing:
    """The jobs of `identity`; with `everybody`, for operators, all."""
    if everybody and identity.operator:
        return Listing()
    return Listing(owner(identity), None if identity.user else identity.origin)
