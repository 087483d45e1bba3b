"""What each layer is told: rights by version, a filter of calls, words of bwrap, the choice."""

from __future__ import annotations

import errno
import struct
from pathlib import Path

import pytest

from sciportal.jobs.confinement import bubblewrap, environment, landlock_rights, layers, seccomp
from sciportal.jobs.confinement.layers import AUTO, Found, Layer
from sciportal.jobs.confinement.view import View
from sciportal.service.errors import ServiceError

VIEW = View("/srv/jobs/7", ("/opt/bumps",))
ALLOW, KILL, DENIED, MISSING = 0x7FFF0000, 0x80000000, 0x5000D, 0x50026


@pytest.mark.parametrize(
    ("abi", "files", "tcp", "scoped", "size"),
    [
        (1, 13, False, False, 8),
        (2, 14, False, False, 8),
        (3, 15, False, False, 8),
        (4, 15, True, False, 16),
        (5, 16, True, False, 16),
        (6, 16, True, True, 24),
        (7, 16, True, True, 24),
        (9, 17, True, True, 24),
        (99, 17, True, True, 24),
    ],
)
def test_each_version_handles_all_that_it_knows(
    abi: int, files: int, tcp: bool, scoped: bool, size: int
) -> None:
    handled = landlock_rights.handled(abi, network=False)
    assert handled.files == (1 << files) - 1
    assert bool(handled.network) == tcp
    assert bool(handled.scoped) == scoped
    assert handled.size == size
    assert landlock_rights.handled(abi, network=True).network == 0
    assert landlock_rights.own(abi) | 1 << 6 | 1 << 11 == handled.files


def test_what_newer_versions_close_is_no_longer_open() -> None:
    counts = [len(landlock_rights.leaves_open(abi, network=True)) for abi in (1, 3, 6, 9)]
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) == 4


def verdict(program: bytes, number: int, audit: int, *arguments: int) -> int:
    """What the kernel would answer: classic BPF, as far as the filter uses it."""
    data = struct.pack("=IIQ6Q", number, audit, 0, *arguments, *[0] * (6 - len(arguments)))
    lines = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    word = at = 0
    while True:
        op, yes, no, value = lines[at]
        at += 1
        if op == 0x20:
            (word,) = struct.unpack_from("=I", data, value)
        elif op == 0x54:
            word &= value
        elif op == 0x06:
            return int(value)
        else:
            at += yes if (word == value if op == 0x15 else word >= value) else no


@pytest.mark.parametrize("name", seccomp.MACHINES)
def test_the_filter_lets_no_socket_through(name: str) -> None:
    machine = seccomp.MACHINES[name]
    program = seccomp.without_network(machine)
    assert DENIED & 0xFFFF == errno.EACCES
    assert MISSING & 0xFFFF == errno.ENOSYS
    audit = machine.audit
    for family in (1, 2, 10, 16, 17, 40):
        assert verdict(program, machine.socket, audit, family, 1) == DENIED
    for flags in (0, 0o4000, 0o2000000):
        assert verdict(program, machine.socketpair, audit, 1, 1 | flags) == ALLOW
        assert verdict(program, machine.socketpair, audit, 1, 5 | flags) == ALLOW
        assert verdict(program, machine.socketpair, audit, 1, 2 | flags) == DENIED
    assert verdict(program, 425, audit) == MISSING
    assert verdict(program, 0, audit) == ALLOW
    # Another architecture has other numbers: i386 on x86_64, ARM on aarch64.
    assert verdict(program, machine.socket, 0x40000003, 2) == KILL
    if machine.x32:
        assert verdict(program, machine.socket | 0x40000000, audit, 2) == MISSING


def test_bubblewrap_binds_the_jobs_directory_last_and_nothing_in_it() -> None:
    words = bubblewrap.argv(["--unshare-user"], VIEW, 5, ["/bin/sh", "-c", "true"])
    pairs = [tuple(words[at : at + 3]) for at in range(len(words))]
    assert [each for each in pairs if each[0] == "--bind"] == [
        ("--bind", "/srv/jobs/7", "/srv/jobs/7")
    ]
    assert {each[1] for each in pairs if each[0] == "--tmpfs"} == {"/tmp", "/var/tmp"}
    assert ("--ro-bind", "/opt/bumps", "/opt/bumps") in pairs
    assert words.index("--remount-ro") > words.index("--bind") > words.index("--tmpfs")
    assert words[words.index("--") + 1 :] == [
        *("/usr/bin/env", "--default-signal", "/bin/sh", "-c", "true"),
    ]


@pytest.mark.parametrize(
    ("wanted", "namespaces", "abi", "layer"),
    [
        (AUTO, ("--unshare-user",), 7, Layer.BUBBLEWRAP),
        (AUTO, ("--unshare-user",), 0, Layer.BUBBLEWRAP),
        (AUTO, (), 1, Layer.LANDLOCK),
        ("landlock", ("--unshare-user",), 7, Layer.LANDLOCK),
        ("none", (), 0, Layer.NONE),
    ],
)
def test_the_layer_is_the_one_asked_for_or_the_better_one(
    wanted: str, namespaces: tuple[str, ...], abi: int, layer: Layer
) -> None:
    found = Found(namespaces, "bwrap: not there", abi, True)
    assert layers.choose(wanted, found, network=False) is layer


@pytest.mark.parametrize("wanted", [AUTO, "bubblewrap", "landlock"])
def test_where_no_layer_works_nothing_is_run(wanted: str) -> None:
    with pytest.raises(ServiceError, match="say --layer none") as caught:
        layers.choose(wanted, Found((), "bwrap: not there", 0, True), network=False)
    assert ("bwrap: not there" in str(caught.value)) == (wanted != "landlock")
    assert ("does not offer" in str(caught.value)) == (wanted != "bubblewrap")


def test_landlock_alone_does_not_claim_to_close_the_network() -> None:
    found = Found((), "bwrap: not there", 4, False)
    with pytest.raises(ServiceError, match="--network host"):
        layers.choose(AUTO, found, network=False)
    assert layers.choose(AUTO, found, network=True) is Layer.LANDLOCK


def test_no_file_of_the_environment_is_kept() -> None:
    given = {
        *("SLURM_CONF", "SLURM_JOB_ID", "SLURM_SUBMIT_DIR", "SLURM_JOB_GROUP", "LD_LIBRARY_PATH"),
        *("PYTHONPATH", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "OMP_NUM_THREADS", "AWS_SECRET"),
        *("LC_ALL", "MKL_NUM_THREADS", "KRB5CCNAME", "BASH_ENV", "SLURM_CPUS_ON_NODE"),
    }
    kept = environment.of(dict.fromkeys(given, "x"), [], VIEW)
    assert {name for name, value in kept.items() if value == "x"} == {
        *("SLURM_JOB_ID", "OMP_NUM_THREADS", "LC_ALL", "MKL_NUM_THREADS", "SLURM_CPUS_ON_NODE"),
    }
    assert Path(kept["HOME"]) == Path(VIEW.directory)
