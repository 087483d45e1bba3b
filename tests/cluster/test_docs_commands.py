"""The commands of README and docs/users do what the pages say, typed as they are printed.

docs/developers/testing.md tells how blocks are written.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cluster.plays import ACCOUNT, play
from cluster.testbed import CTL, PREFIX, ROOT, Cluster
from unit.docs.console import Block, blocks

pytestmark = pytest.mark.alone

README = ROOT / "README.md"
DEMO = ROOT / "molecule" / "demo" / "accounts.yml"
PAGES = [page for page in [README, *sorted(ROOT.glob("docs/users/*.md"))] if blocks(page)]
PEOPLE = ("alice", "bob")


@pytest.fixture
def clean(cluster: Cluster) -> Iterator[None]:
    """Accounts without services, before and after."""
    _clean(cluster)
    yield
    _clean(cluster)


def _clean(cluster: Cluster) -> None:
    for person in PEOPLE:
        cluster.service(person, "purge", "--yes", "--no-archive")
        cluster.run(CTL, ["rm", "-rf", "public_html", "hello"], user=person)


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_commands_do_what_the_page_says(cluster: Cluster, page: Path) -> None:
    if page == README:
        # It is read after `make demo`.
        play(ACCOUNT, yaml.safe_load(DEMO.read_text())).ok()
    for block in blocks(page):
        _type(cluster, block)
    for person in PEOPLE if page != README else ():
        left = cluster.service(person, "status").out
        assert left == "no services\n", f"{page.name} leaves services of {person}: {left}"


def _type(cluster: Cluster, block: Block) -> None:
    for command in block.commands:
        code, printed = _run(cluster, block.who, _on_this_cluster(command.text))
        wanted = block.code if command is block.commands[-1] else 0
        where = f"{block.path.name}, block at line {block.line}: {command.text}"
        assert code == wanted, f"{where}\nended with {code}, not {wanted}:\n{printed}"
        missing = command.missing(printed.replace(f"{PREFIX}-", "sciportal-"))
        assert not missing, f"{where}\nprinted\n{printed}\nand not\n" + "\n".join(missing)


def _run(cluster: Cluster, who: str, command: str) -> tuple[int, str]:
    if who != "here":
        user = None if who == "root" else who
        ended = cluster.run(CTL, ["bash", "-l", "-c", command], user=user, check=False)
        return ended.code, ended.out + ended.err
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    return done.returncode, done.stdout + done.stderr


def _on_this_cluster(command: str) -> str:
    """The command where hosts and the port have other names than those of the demo."""
    if PREFIX != "sciportal":
        command = command.replace("tools/as ", f"tools/as --host {CTL} ")
        command = command.replace("sciportal-", f"{PREFIX}-")
    return command.replace("http://localhost:8080", Cluster.url)
