"""Whatever happens in whatever order, services are as their owners may rely on."""

from __future__ import annotations

import os
import time

import pytest
from hypothesis.stateful import run_state_machine_as_test

from model.host import Host
from model.machine import Machine


@pytest.mark.parametrize("account", ["alice", "bob", "carol", "dave"])
def test_services_are_as_the_model_has_it(account: str) -> None:
    host = Host(account)
    machine: type[Machine] = type(f"MachineOf{account.title()}", (Machine,), {"host": host})
    begun = time.monotonic()
    # The profile says how many sequences make a round; a soak goes on with other ones.
    end = begun + 60 * float(os.environ.get("SOAK_MINUTES", "0"))
    host.wipe()
    try:
        run_state_machine_as_test(machine)
        while time.monotonic() < end:
            run_state_machine_as_test(machine)
    finally:
        seconds = time.monotonic() - begun
        print(f"{account}: {machine.sequences} sequences in {seconds:.0f} s")
        host.close()
