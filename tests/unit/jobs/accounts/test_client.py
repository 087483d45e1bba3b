"""The portal's side of the helper, with programs in its place that do not behave."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from batch.own_slurm import wait_for
from batch.portal import processes_below
from sciportal.jobs.accounts.account_map import AccountMap
from sciportal.jobs.accounts.client import Helper
from sciportal.service.errors import UnknownError

ACCOUNTS = AccountMap.parse('[[account]]\nuser = "alice"\naccount = "alice"\nhome = "/home/a"\n')


@pytest.mark.parametrize(
    "behaves", ["exec sleep 1000", "trap '' TERM; while :; do printf x; sleep 0.01; done"]
)
def test_closing_cuts_short_what_is_asked_and_leaves_no_process(
    tmp_path: Path, behaves: str
) -> None:
    helper = Helper(lambda: ACCOUNTS, ["sh", "-c", f"cd {tmp_path}; touch begun; {behaves}"])
    said: list[UnknownError] = []

    def ask() -> None:
        with pytest.raises(UnknownError) as raised:
            helper.ask("look", "alice", "", {"jobs": []})
        said.append(raised.value)

    asking = threading.Thread(target=ask)
    asking.start()
    wait_for((tmp_path / "begun").exists)
    helper.close()
    asking.join()
    assert [each.found for each in said] == ["the portal's program ends"]
    wait_for(lambda: not processes_below(tmp_path))


def test_who_asks_after_closing_is_told_so(tmp_path: Path) -> None:
    helper = Helper(lambda: ACCOUNTS, ["touch", str(tmp_path / "begun")])
    helper.close()
    with pytest.raises(UnknownError, match="the portal's program ends"):
        helper.ask("look", "alice", "", {"jobs": []})
    assert not (tmp_path / "begun").exists()
