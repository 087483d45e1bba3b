"""A keeper's way to a real Slurm."""

from __future__ import annotations

import pytest

from batch.own_slurm import OwnSlurm
from sciportal.jobs.accounts.account_map import AccountMap
from sciportal.jobs.accounts.client import Helper
from sciportal.jobs.queue.slurm import SlurmBackend
from sciportal.service.slurm import Slurm


@pytest.fixture
def slurm(own_slurm: OwnSlurm) -> SlurmBackend:
    """The backend of the keeper."""
    home = own_slurm.home("alice")
    own_slurm.set_accounts(f'[[account]]\nuser = "alice"\naccount = "alice"\nhome = "{home}"\n')
    accounts = str(own_slurm.accounts)
    helper = Helper(lambda: AccountMap.read(accounts), own_slurm.words(["sciportal-submit"]))
    return SlurmBackend(helper, Slurm(environ={"SLURM_CONF": str(own_slurm.conf)}))
