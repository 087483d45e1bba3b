"""The backends of a site, as its settings and its account map say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciportal.jobs.accounts.account_map import AccountMap
from sciportal.jobs.accounts.client import Helper
from sciportal.jobs.queue.dispatch import DispatchBackend
from sciportal.jobs.queue.slurm import SlurmBackend
from sciportal.jobs.settings import DISPATCH, SLURM
from sciportal.jobs.written import WrittenFiles
from sciportal.service.errors import UsageError
from sciportal.service.slurm import Slurm

if TYPE_CHECKING:
    from sciportal.jobs.queue.backend import Backend
    from sciportal.jobs.settings import Settings


def backends(settings: Settings) -> dict[str, Backend]:
    """All that jobs can be submitted to, by name.

    Args:
        settings: of the portal.
    """
    path = str(settings.accounts)

    def accounts() -> AccountMap:
        return AccountMap.read(path)

    try:
        programs = accounts().programs
    except UsageError:
        # It is read again before each use, and said to be wrong there.
        slurm = Slurm()
    else:
        environment = {"SLURM_CONF": programs.slurm_conf} if programs.slurm_conf else None
        slurm = Slurm(programs.slurm_bin, environ=environment)
    return {
        SLURM: SlurmBackend(Helper(accounts, settings.helper), slurm),
        DISPATCH: DispatchBackend(WrittenFiles(settings.state_dir)),
    }
