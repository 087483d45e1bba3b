"""The complete example of the page "Writing your own type", installed as it is printed there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cluster.testbed import CTL, NODES, ROOT, Cluster, Service, wait_for
from cluster.visitor import handshake

pytestmark = pytest.mark.uwsgi

PAGE = ROOT / "docs/developers/types.md"
TYPE = "/etc/sbatch-service/board"


@pytest.fixture(scope="module")
def board(cluster: Cluster) -> Iterator[Service]:
    """The type of the page as a service of bob that everybody may see."""
    (text,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    for host in (CTL, *NODES):
        cluster.run(host, ["sh", "-c", f"cat >{TYPE} && chmod 755 {TYPE}"], stdin=text)
    made = Service(cluster, "board", "bob")
    cluster.run(CTL, ["mkdir", "-p", ".sbatch-service"], user="bob")
    made.listens = True
    made.settings('access = "public"\n')
    made("deploy", "--wait")
    wait_for(lambda: cluster.get("/~bob:board/").status == 200, 5)
    yield made
    made("purge", "--yes", "--no-archive")
    for host in (CTL, *NODES):
        cluster.run(host, ["rm", TYPE])


def test_its_page_is_shown(cluster: Cluster, board: Service) -> None:
    page = cluster.get("/~bob:board/")
    assert "<h1>Board</h1>" in page.text
    assert cluster.get("/~bob:board/nothing").status == 404
    assert "listening on port" in board.log()


def test_what_a_visitor_writes_comes_back_by_a_websocket(cluster: Cluster, board: Service) -> None:
    assert handshake(cluster, "/~bob:board/socket", b"hello", b"moin") == (101, [b"hello", b"moin"])


def test_its_files_are_the_accounts_and_a_missing_one_stops_the_start(
    cluster: Cluster, board: Service
) -> None:
    cluster.write("bob", ".board-service/title.txt", "Bob's <board>\n")
    board("restart", "--wait")
    wait_for(lambda: "Bob's &lt;board>" in cluster.get("/~bob:board/").text, 5)
    cluster.run(CTL, ["rm", ".board-service/title.txt"], user="bob")
    done = board("restart", check=False)
    assert done.code == 1
    assert "run: sbatch-service init board" in done.err
    board("deploy", "--wait")
    wait_for(lambda: "<h1>Board</h1>" in cluster.get("/~bob:board/").text, 5)
