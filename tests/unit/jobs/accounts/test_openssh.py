"""A host of the account map that is reached by OpenSSH: a real sshd."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.own_slurm import OwnSlurm, wait_for
from batch.ports import free_ports
from batch.sent import send
from sciportal.jobs.accounts.account_map import AccountMap
from sciportal.jobs.accounts.client import Helper
from sciportal.jobs.order import Order
from sciportal.jobs.queue.backend import Attempt, Phase, Sight
from sciportal.jobs.queue.slurm import SlurmBackend
from sciportal.service.errors import UnknownError
from sciportal.service.slurm import Slurm

SSHD = "/usr/sbin/sshd"


@pytest.fixture(scope="module")
def port(own_slurm: OwnSlurm) -> Iterator[int]:
    """Where sshd listens."""
    if not shutil.which(SSHD):
        pytest.skip("not installed: sshd")
    place = own_slurm.root / "ssh"
    place.mkdir()
    (number,) = free_ports(1)
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / name], check=True
        )
    own_slurm.check("mkdir", "-p", "/run/sshd")
    settings = {
        "Port": number,
        "ListenAddress": "127.0.0.1",
        "HostKey": place / "host",
        "AuthorizedKeysFile": place / "user.pub",
        "PidFile": own_slurm.root / "run" / "sshd.pid",
        "UsePAM": "no",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
        "SetEnv": " ".join(
            f"{key}={own_slurm.environment('alice')[key]}" for key in ("PATH", "SLURM_CONF")
        ),
    }
    config = place / "sshd_config"
    config.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    own_slurm.check(SSHD, "-f", str(config))
    host_key = (place / "host.pub").read_text().rsplit(" ", 1)[0]
    (place / "known").write_text(f"[127.0.0.1]:{number} {host_key}\n")
    (place / "config").write_text(
        f"IdentityFile {place}/user\nIdentitiesOnly yes\nUserKnownHostsFile {place}/known\n"
    )
    yield number
    own_slurm.kill("sshd", 15)


def backend(own_slurm: OwnSlurm, port: int) -> SlurmBackend:
    """What the keeper uses."""
    home = own_slurm.home("alice")
    text = (
        f'[openssh]\nconfig = "{own_slurm.root}/ssh/config"\n'
        '[[account]]\nuser = "jkl"\nhost = "origin"\n'
        f'address = "127.0.0.1"\nport = {port}\naccount = "alice"\nhome = "{home}"\n'
    )
    accounts = AccountMap.parse(text)
    return SlurmBackend(Helper(lambda: accounts, ["false"]), Slurm())


def order() -> Order:
    """A job for it."""
    given = {"application": "shell", "name": "a job", "account": "alice", "host": "origin"}
    script = "id -un > who; echo said"
    return Order(job=77_000, attempt=1, user="jkl", script=script, outputs=("*",), **given)


def test_a_job_goes_there_and_comes_back(own_slurm: OwnSlurm, port: int, tmp_path: Path) -> None:
    slurm, made = backend(own_slurm, port), order()
    attempt = Attempt.of(made)
    assert send(slurm, made, tmp_path).isdigit()
    seen: list[Sight | Exception] = []

    def is_over() -> bool:
        seen.append(slurm.look([made])[attempt])
        print(seen[-1])
        return seen[-1] == Sight(Phase.ENDED, 0)

    wait_for(is_over)
    assert slurm.tail(attempt, "stdout", 0, 99).data == b"said\n"
    into = tmp_path / "results"
    into.mkdir()
    slurm.collect(made, into)
    assert (into / "who").read_text() == "alice\n"
    slurm.clean(attempt)
    assert not (own_slurm.home("alice") / "sciportal-jobs" / "77000.1").exists()


def test_a_host_that_does_not_answer_is_unknown(own_slurm: OwnSlurm, tmp_path: Path) -> None:
    (nobody,) = free_ports(1)
    slurm, made = backend(own_slurm, nobody), order()
    assert isinstance(slurm.look([made])[Attempt.of(made)], UnknownError)
    with pytest.raises(UnknownError):
        send(slurm, made, tmp_path)
