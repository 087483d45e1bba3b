"""Confined jobs on this machine, as an account that is not root, and what they find."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1] / "src" / "sciportal"
PYTHON = "/usr/bin/python3"
# An account that nobody has, where root runs the tests.
UID = 61234 if os.geteuid() == 0 else os.geteuid()
PATIENCE = 60


class Place:
    """Directories of jobs of one account.

    Args:
        root: where the programs of the tests are put.
        jobs: where the directories are; below `root` by default.
        account: the account's number.
    """

    def __init__(self, root: Path, jobs: Path | None = None, account: int = UID) -> None:
        self.root = root
        self.jobs = jobs or root / "jobs"
        self.account = account
        self.tools = root / "tools"
        self.tools.mkdir()
        ignored = shutil.ignore_patterns("__pycache__")
        # The checkout may be closed to others than its owner.
        shutil.copytree(SOURCE, self.tools / "sciportal", ignore=ignored)
        for each in ("attacker.py", "sibling.py"):
            shutil.copy(HERE / each, self.tools)

    def directory(self, name: str) -> Path:
        """Make the directory of a job."""
        made = self.jobs / name
        for each in (made.parent, made):
            each.mkdir(exist_ok=True)
            os.chown(each, self.account, -1)
        return made

    def words(self, directory: Path, program: Sequence[str], *options: str) -> list[str]:
        """The call that confines a program."""
        command = [PYTHON, "-m", "sciportal.jobs.confinement.cli", "--directory", str(directory)]
        return [*command, "--read", str(self.tools), *options, "--", *program]

    def start(self, words: Sequence[str], **more: Any) -> subprocess.Popen[str]:
        """Start something as the account."""
        given = {
            "PYTHONPATH": str(self.tools),
            "PATH": "/usr/bin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        environment = {**given, **more.pop("env", {})}
        if os.geteuid() == 0:
            more |= {"user": self.account, "group": self.account, "extra_groups": []}
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            list(words), env=environment, cwd="/", text=True, **{**pipes, **more}
        )

    def run(self, words: Sequence[str], **more: Any) -> subprocess.CompletedProcess[str]:
        """Run something as the account, and wait for it."""
        process = self.start(words, **more)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
        return subprocess.CompletedProcess(list(words), process.returncode, out, err)

    def job(
        self, name: str, program: Sequence[str], *options: str, **more: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as a job of that name."""
        return self.run(self.words(self.directory(name), program, *options), **more)

    def python(self, name: str, text: str, *options: str, **more: Any) -> Any:
        """Run a piece of Python as a job, and decode what it prints."""
        ended = self.job(name, [PYTHON, "-c", text], *options, **more)
        assert ended.returncode == 0, ended
        return json.loads(ended.stdout)

    def probe(self) -> Any:
        """What works here."""
        words = [PYTHON, "-m", "sciportal.jobs.confinement.cli", "--probe", "--json"]
        return json.loads(self.run(words).stdout)

    @contextmanager
    def sibling(self, name: str) -> Iterator[dict[str, Any]]:
        """Another job, which runs in no layer, and how it could be reached."""
        directory = self.directory(name)
        program = [PYTHON, str(self.tools / "sibling.py"), str(directory)]
        process = self.start(self.words(directory, program, "--layer", "none"))
        try:
            deadline = time.monotonic() + PATIENCE
            while not (directory / "ready").exists():
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield {**json.loads((directory / "ready").read_text()), "directory": str(directory)}
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)

    def attack(self, name: str, *options: str, sibling: str = "") -> tuple[dict[str, Any], Path]:
        """A hostile job beside a sibling: what it reports, and the sibling's directory.

        Args:
            name: the hostile one's.
            options: of the call that confines it.
            sibling: the other one's name.
        """
        with self.sibling(sibling or f"{name}-sibling") as reach:
            program = [PYTHON, str(self.tools / "attacker.py"), json.dumps(reach)]
            ended = self.job(name, program, *options)
            assert ended.returncode == 0, ended
        return json.loads(ended.stdout), Path(reach["directory"])


@contextmanager
def made() -> Iterator[Place]:
    """A place that is there for a while, and which the account can reach."""
    root = Path(tempfile.mkdtemp(prefix="confined-", dir="/var/tmp"))
    root.chmod(0o755)
    try:
        yield Place(root)
    finally:
        shutil.rmtree(root)
