"""File systems that are full, or whose quota is used up, as a home on the hosts of the cluster.

The kernel's own: btrfs has quota without a daemon, ext4 none. This machine mounts them in the
containers, which may not do that themselves; a file system may be mounted several times.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cluster.testbed import CTL, HOSTS, NODES, PODMAN, Cluster

_WHERE = (CTL, *NODES)
_PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
_BYTES = {"quota": 128 << 20, "disk": 4 << 20}
_QUOTA = "2M"


def missing(kind: str) -> str:
    """The Debian package that is wanted for a kind of file system; empty where all is there."""
    if kind == "quota" and not shutil.which("mkfs.btrfs", path=_PATH):
        return "btrfs-progs"
    return ""


class TightHome:
    """The small home of a person who exists for one test.

    Args:
        cluster: where.
        kind: "quota" or "disk", what is used up by `fill`.
        user: the person's name.
        uid: their number.
    """

    def __init__(self, cluster: Cluster, kind: str, user: str, uid: int) -> None:
        self.cluster = cluster
        self.user = user
        self.path = f"/home/{user}"
        self._kind = kind
        self._image = Path(tempfile.mkdtemp()) / "image"
        self._device = ""
        for host in HOSTS:
            member = ["-G", "service-pool"] if host in _WHERE else []
            words = ["useradd", "-M", "-u", str(uid), "-s", "/bin/bash", *member, user]
            # Whom an earlier test could not remove is there already.
            cluster.run(host, words, check=False)
        # Slurm reads the members of groups anew.
        cluster.run(CTL, ["scontrol", "reconfigure"])
        self._make()
        for host in _WHERE:
            self._mount(host)
        cluster.run(CTL, ["chown", f"{uid}:{uid}", self.path])

    def fill(self) -> None:
        """Leave not a byte."""
        # Where a file finds no room to grow, ext4 still has some for small ones.
        words = (
            "mkdir full; cd full; cat /dev/zero >0; cat /dev/zero >>0; sync -f 0; number=1\n"
            "while echo x >$number; do number=$((number + 1)); done"
        )
        self.cluster.run(CTL, ["sh", "-c", words], user=self.user, check=False)

    def free(self) -> None:
        """Make room again."""
        self.cluster.run(CTL, ["rm", "-rf", f"{self.path}/full"])

    def remove(self) -> None:
        """Leave the hosts as they were."""
        for host in _WHERE:
            # What still runs there would hold it.
            self.cluster.run(host, ["pkill", "-9", "-u", self.user], check=False)
            _inside(host, ["umount", "--lazy", self.path], check=False)
        for host in HOSTS:
            self.cluster.run(host, ["userdel", self.user], check=False)
        self.cluster.run(CTL, ["rmdir", self.path], check=False)
        _root(["losetup", "--detach", self._device])
        shutil.rmtree(self._image.parent)

    def _make(self) -> None:
        with self._image.open("wb") as file:
            file.truncate(_BYTES[self._kind])
        self._device = _root(["losetup", "--find", "--show", str(self._image)]).strip()
        if self._kind == "disk":
            _root(["mkfs.ext4", "-q", "-m", "0", self._device])
            return
        _root(["mkfs.btrfs", "-q", "--metadata", "single", self._device])
        top = self._image.parent / "top"
        top.mkdir()
        _root(["mount", self._device, str(top)])
        try:
            _root(["btrfs", "quota", "enable", str(top)])
            _root(["btrfs", "subvolume", "create", str(top / "home")])
            _root(["btrfs", "qgroup", "limit", _QUOTA, str(top / "home")])
        finally:
            _root(["umount", str(top)])

    def _mount(self, host: str) -> None:
        """Mount it in the namespace of the host, with our own rights."""
        number = os.minor(Path(self._device).stat().st_rdev)
        node = f"/dev/{self.user}"
        option = ["-o", "subvol=home"] if self._kind == "quota" else []
        words = 'rm -f "$1"; mknod "$1" b 7 "$2"; mkdir -p "$3"'
        _inside(host, ["sh", "-ec", words, "sh", node, str(number), self.path])
        _inside(host, ["mount", *option, node, self.path])


def _inside(host: str, argv: Sequence[str], *, check: bool = True) -> None:
    found = [PODMAN, "inspect", "--format", "{{.State.Pid}}", host]
    pid = subprocess.run(found, check=True, capture_output=True, text=True).stdout.strip()
    _root(["nsenter", "--target", pid, "--mount", *argv], check=check)


def _root(argv: Sequence[str], *, check: bool = True) -> str:
    sudo = ["sudo"] if os.geteuid() else []
    done = subprocess.run(
        [*sudo, *argv],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": _PATH},
    )
    assert not check or done.returncode == 0, (argv, done)
    return done.stdout
