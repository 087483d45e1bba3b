"""Nobody gets another account's traffic: bob wants that of alice's visitors."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster.squat import BIG, IPV4, IPV6, SERVER, SERVICE, Holder, Squatter, owners, visit
from cluster.testbed import CTL, NODES, WEB, Cluster, Service, wait_for

pytestmark = pytest.mark.alone

NODE, OTHER = NODES
# Addresses of IPv6 that the cluster's own network does not have.
ADDRESSES = {WEB: "fd00:5c1::1", NODE: "fd00:5c1::2", OTHER: "fd00:5c1::3"}
PORT = 31001
ALICE, BOB = "alice answers", "bob squats"


@pytest.fixture(scope="module", autouse=True)
def ipv6(cluster: Cluster) -> Iterator[None]:
    """The hosts of the front end and of services reach each other by IPv6 as well."""
    for host, address in ADDRESSES.items():
        cluster.run(host, ["ip", "-6", "addr", "add", f"{address}/64", "dev", "eth0", "nodad"])
        known(cluster, host)
    yield
    for host, address in ADDRESSES.items():
        cluster.run(host, ["ip", "-6", "addr", "del", f"{address}/64", "dev", "eth0"])
        cluster.run(host, ["systemctl", "reload", "sciportal-guard"])


def known(cluster: Cluster, host: str) -> None:
    """Let the guard know these addresses, as the role would that finds them."""
    name, others = ("nodes6", (NODE, OTHER)) if host == WEB else ("web6", (WEB,))
    elements = ", ".join(ADDRESSES[each] for each in others)
    words = ["add", "element", "inet", "sciportal_guard", name, f"{{ {elements} }}"]
    cluster.run(host, ["nft", " ".join(words)])


class Alice:
    """A service of alice on the first node, and its port."""

    def __init__(self, service: Service, port: int, addresses: str = "0.0.0.0 ::") -> None:
        self.port = port
        self.service = service
        service.script(SERVICE.replace("ADDRESSES", addresses))
        service.settings(
            f'access = "public"\nport = {port}\nsbatch = ["--nodelist={NODE}", "--mem=32M"]\n'
        )

    @property
    def url(self) -> str:
        """The path of its pages."""
        return f"/~alice:{self.service.name}/"

    def starts(self) -> None:
        """Start it, and wait until visitors find it."""
        self.service("start", "--wait")
        wait_for(lambda: self.service.cluster.get(self.url).text == ALICE, 10)


@pytest.fixture(scope="module")
def alice(cluster: Cluster) -> Iterator[Alice]:
    """A service of alice that runs."""
    made = Alice(Service(cluster, "guarded"), PORT)
    made.starts()
    yield made
    cluster.run(CTL, ["scancel", "-u", "alice", "-n", "guarded-service"])
    made.service("purge", "--yes", "--no-archive")


def bobs_job(cluster: Cluster, address: str, *options: str) -> str:
    """Submit a job of bob with plain sbatch that listens on alice's port; its id, if it has one."""
    argv = ["sbatch", "--parsable", "-o", "/dev/null", "--mem=32M", "-w", OTHER, *options]
    text = f"#!/bin/sh\nexec timeout 60 python3 -c '{SERVER}' '{BOB}' {PORT} {address}\n"
    return cluster.run(CTL, argv, user="bob", check=False, stdin=text).out.strip()


def state(cluster: Cluster, job: str) -> str:
    """The state of a job."""
    return cluster.run(CTL, ["squeue", "-h", "-a", "-t", "all", "-j", job, "-o", "%T"]).out.strip()


def listeners(cluster: Cluster, node: str, port: int) -> int:
    """How many sockets listen on a port of a node."""
    return cluster.run(node, ["ss", "-Hltn"]).out.count(f":{port} ")


def test_who_listens_on_the_port_before_her_job_is_named_and_gets_nobody(
    cluster: Cluster, service: Service
) -> None:
    hers = Alice(service, 31002)
    with Squatter(cluster, NODE, 31002), Squatter(cluster, OTHER, 31002):
        assert visit(cluster, WEB, "www-data", NODE, 31002).refused
        assert visit(cluster, WEB, "www-data", OTHER, 31002).refused
        done = service("start", "--wait", check=False)
        assert done.code == 1
        # While the job runs, or when it has ended for that.
        assert f"on {NODE}, bob (uid 2002) listens on port 31002 there" in done.err
        assert visit(cluster, WEB, "www-data", NODE, 31002).refused
        assert cluster.get(hers.url).status == 503
    service("stop")
    with Squatter(cluster, OTHER, 31002):
        hers.starts()
        assert visit(cluster, WEB, "www-data", OTHER, 31002).refused


def test_who_keeps_the_port_without_listening_is_named_as_well(
    cluster: Cluster, service: Service
) -> None:
    Alice(service, 31003)
    text = (
        "import socket,sys,time; s=socket.socket(); s.bind(('',31003));"
        "print('bound', flush=True); time.sleep(20)"
    )
    keeps = cluster.start(NODE, ["timeout", "20", "python3", "-c", text], user="bob")
    assert keeps.stdout
    assert keeps.stdout.readline() == "bound\n"
    done = service("start", "--wait", check=False)
    assert done.code == 1
    assert "another program keeps port 31003 there" in done.err
    cluster.run(NODE, ["pkill", "-u", "bob", "-f", "31003"], check=False)
    keeps.communicate(timeout=30)


def test_who_takes_the_other_family_of_her_port_gets_nobody(
    cluster: Cluster, service: Service
) -> None:
    hers = Alice(service, 31004, IPV4)
    hers.starts()
    with Squatter(cluster, NODE, 31004, (IPV6,)) as squatter:
        assert squatter.pid
        assert visit(cluster, WEB, "www-data", ADDRESSES[NODE], 31004).refused
        assert visit(cluster, WEB, "www-data", NODE, 31004).text.endswith(ALICE)
        assert cluster.get(hers.url).text == ALICE


def test_who_takes_the_port_after_her_job_gets_nobody(cluster: Cluster, service: Service) -> None:
    hers = Alice(service, 31005)
    hers.starts()
    service("stop")
    with Squatter(cluster, NODE, 31005) as squatter:
        assert squatter.pid
        end = time.monotonic() + 2.5
        # The route is there for a second or two.
        while time.monotonic() < end:
            assert BOB not in cluster.get(hers.url).text
        assert visit(cluster, WEB, "www-data", NODE, 31005).refused
        assert visit(cluster, WEB, "www-data", ADDRESSES[NODE], 31005).refused


def test_bob_cannot_have_her_port_by_plain_sbatch(cluster: Cluster, alice: Alice) -> None:
    comment = f"sbatch-service/1 http {PORT} public"
    name = f"{alice.service.name}-service"
    pool = ("-p", "service-pool", "-J", name)
    try:
        same = bobs_job(cluster, IPV4, *pool, "--comment", comment)
        wait_for(lambda: not same or state(cluster, same) == "CANCELLED", 20)

        # In another partition a comment is only a comment.
        general = bobs_job(cluster, IPV6, "-p", "general", "-J", name, "--comment", comment)
        # Without an endpoint a job of a service has no port. One of the name was just refused.
        time.sleep(3)
        mute = bobs_job(cluster, IPV4, *pool)
        wait_for(lambda: listeners(cluster, OTHER, PORT) == 2, 30)
        for job in (general, mute):
            words = ["scontrol", "update", f"JobId={job}", f"Comment={comment} "]
            cluster.run(CTL, words, user="bob", check=False)
        assert visit(cluster, WEB, "www-data", OTHER, PORT).refused
        assert visit(cluster, WEB, "www-data", ADDRESSES[OTHER], PORT).refused
        assert "2002" not in owners(cluster, NODE) + owners(cluster, OTHER)
        cluster.run(OTHER, ["systemctl", "start", "sciportal-guard-queue"])
        assert "2002" not in owners(cluster, OTHER)
        assert cluster.get(alice.url).text == ALICE
    finally:
        cluster.run(CTL, ["scancel", "-u", "bob", "-n", name])
    wait_for(lambda: not listeners(cluster, OTHER, PORT), 20)


@pytest.mark.parametrize("family", [4, 6])
def test_only_the_web_host_and_the_owner_on_the_node_connect(
    cluster: Cluster, alice: Alice, family: int
) -> None:
    target, own = (NODE, "127.0.0.1") if family == 4 else (ADDRESSES[NODE], "::1")
    everywhere = [(NODE, own), (NODE, target), (OTHER, target), (WEB, target)]
    if family == 4:
        everywhere.append((CTL, target))
    for source, address in everywhere:
        for who in ("bob", "carol", "alice"):
            found = visit(cluster, source, who, address, PORT)
            if who == "alice" and source == NODE:
                assert found.text.endswith(ALICE), (source, who)
            else:
                assert found.refused, (source, who, found)
    for source, who, address in (
        (WEB, "www-data", target),
        (WEB, "root", target),
        (NODE, "root", own),
    ):
        assert visit(cluster, source, who, address, PORT).text.endswith(ALICE), (source, who)
    # Where alice has no job she is a stranger herself.
    with Squatter(cluster, OTHER, PORT, user="alice"):
        assert visit(cluster, WEB, "www-data", OTHER, PORT).refused


@pytest.mark.parametrize("family", [4, 6])
def test_answers_are_whole_and_closed_ports_say_so_under_load(
    cluster: Cluster, alice: Alice, family: int
) -> None:
    target, other = (NODE, OTHER) if family == 4 else (ADDRESSES[NODE], ADDRESSES[OTHER])
    web = (cluster, WEB, "www-data")
    with ThreadPoolExecutor(4) as pool, Squatter(cluster, OTHER, PORT):
        slow = [pool.submit(visit, *web, target, PORT, "big", "slow") for _ in range(3)]
        quick = [pool.submit(visit, *web, target, PORT, "big") for _ in range(3)]
        squat = [pool.submit(visit, *web, other, PORT, "big") for _ in range(2)]
        closed = [pool.submit(visit, *web, target, PORT + 500) for _ in range(2)]
        assert [each.result()[:3:2] for each in (*slow, *quick)] == [(BIG, "")] * 6
        for each in (*squat, *closed):
            assert each.result().refused
            assert each.result().seconds < 2


@pytest.mark.parametrize("family", [4, 6])
def test_open_connections_outlive_the_right_to_answer(
    cluster: Cluster, alice: Alice, family: int
) -> None:
    target = NODE if family == 4 else ADDRESSES[NODE]
    element = ["element", "inet", "sciportal_guard", "owners", f"{{ {PORT} . 2001 }}"]
    with Holder(cluster, WEB, target, PORT) as holder:
        assert holder.said == "held"
        try:
            cluster.run(NODE, ["nft", "delete", *element])
            assert visit(cluster, WEB, "www-data", target, PORT).refused
            assert holder.says("still there") == "still there"
        finally:
            cluster.run(NODE, ["nft", "add", *element])
        assert holder.says("and again") == "and again"
    assert visit(cluster, WEB, "www-data", target, PORT).text.endswith(ALICE)


@pytest.mark.parametrize("claim", ["http 22 public", "uwsgi 6818 public", "http 60000 public"])
def test_a_port_outside_the_range_is_no_route_even_if_slurm_were_to_hold_it(
    cluster: Cluster, alice: Alice, claim: str
) -> None:
    """The rules of Slurm let nobody but its administrators write such a comment."""
    job = alice.service.status()["job_id"]
    try:
        announce(cluster, job, f"sbatch-service/1 {claim}")
        wait_for(lambda: cluster.get(alice.url).status == 503, 10)
    finally:
        announce(cluster, job, f"sbatch-service/1 http {alice.port} public")
    wait_for(lambda: cluster.get(alice.url).text == ALICE, 10)


def announce(cluster: Cluster, job: int, text: str) -> None:
    """As root, write a job's comment."""
    cluster.run(CTL, ["scontrol", "update", f"JobId={job}", f"Comment={text}"])


def test_the_owners_come_back_from_the_queue(cluster: Cluster, alice: Alice) -> None:
    mine = f"{PORT} . 2001"
    restart = ["systemctl", "restart", "slurmd"]
    assert mine in owners(cluster, NODE)

    # As after a boot: nothing is remembered, and the table is made before slurmd starts.
    cluster.run(NODE, ["rm", "-r", "/run/sciportal-guard"])
    cluster.run(NODE, ["systemctl", "restart", "sciportal-guard"])
    assert mine not in owners(cluster, NODE)
    assert visit(cluster, WEB, "www-data", NODE, PORT).refused
    cluster.run(NODE, restart)
    wait_for(lambda: mine in owners(cluster, NODE), 20)
    assert cluster.get(alice.url).text == ALICE

    # What no job has goes, and what somebody flushed comes back.
    element = ["element", "inet", "sciportal_guard", "owners", "{ 31999 . 2002 }"]
    cluster.run(NODE, ["nft", "add", *element])
    cluster.run(NODE, ["systemctl", "start", "sciportal-guard-queue"])
    assert "2002" not in owners(cluster, NODE)
    cluster.run(NODE, ["nft", "flush", "ruleset"])
    cluster.run(NODE, ["systemctl", "start", "sciportal-guard-queue"])
    assert mine in owners(cluster, NODE)
    known(cluster, NODE)
    assert cluster.get(alice.url).text == ALICE


def test_a_site_that_loads_its_own_rules_loads_ours_again(cluster: Cluster, alice: Alice) -> None:
    # Debian's /etc/nftables.conf begins with `flush ruleset`.
    for action in ("restart", "reload"):
        cluster.run(NODE, ["systemctl", action, "nftables"])
        wait_for(lambda: f"{PORT} . 2001" in owners(cluster, NODE), 10)
    cluster.run(NODE, ["systemctl", "stop", "nftables"])
    cluster.run(NODE, ["systemctl", "restart", "sciportal-guard"])
    known(cluster, NODE)
    with Squatter(cluster, NODE, 31006):
        assert visit(cluster, WEB, "www-data", NODE, 31006).refused
    assert cluster.get(alice.url).text == ALICE


def test_a_guard_that_fails_leaves_the_port_closed_and_the_node_at_work(
    cluster: Cluster, service: Service
) -> None:
    hers = Alice(service, 31007)
    program = "/usr/local/bin/sciportal-port-guard"
    cluster.run(NODE, ["chmod", "a-x", program])
    try:
        service("start", "--wait")
        assert visit(cluster, WEB, "www-data", NODE, 31007).refused
        assert cluster.get(hers.url).status == 503
        shown = cluster.run(CTL, ["sinfo", "-h", "-n", NODE, "-p", "service-pool", "-o", "%T"]).out
        assert shown.strip() in ("mixed", "idle", "allocated")
    finally:
        cluster.run(NODE, ["chmod", "a+x", program])
    cluster.run(NODE, ["systemctl", "start", "sciportal-guard-queue"])
    # Apache may still wait before it tries a service again that refused.
    wait_for(lambda: cluster.get(hers.url).text == ALICE, 5)


def test_a_port_is_free_again_when_the_job_has_ended(cluster: Cluster, service: Service) -> None:
    hers = Alice(service, 31008)
    hers.starts()
    assert "31008 . 2001" in owners(cluster, NODE)
    service("stop")
    wait_for(lambda: "31008" not in owners(cluster, NODE), 10)
    assert cluster.run(NODE, ["ls", "/run/sciportal-guard"]).out.split().count("lock") == 1


def test_a_job_that_is_requeued_has_its_port_again(cluster: Cluster, service: Service) -> None:
    hers = Alice(service, 31009)
    hers.starts()
    job = service.status()["job_id"]
    for count in range(1, 5):
        cluster.run(CTL, ["scontrol", "requeue", str(job)], user="alice")
        wait_for(lambda: began(cluster, job) == count, 20)  # noqa: B023  (called at once)
        # Whoever hosts it is soon told, or else only by the next look at the queue.
        wait_for(lambda: "31009 . 2001" in owners(cluster, NODE), 10)
    wait_for(lambda: cluster.get(hers.url).text == ALICE, 10)


def test_a_job_whose_prolog_did_not_run_has_its_port_soon(
    cluster: Cluster, service: Service
) -> None:
    hers = Alice(service, 31010)
    hers.starts()
    job = service.status()["job_id"]
    prolog = "/etc/sciportal/guard/prolog"
    cluster.run(NODE, ["chmod", "-x", prolog])
    try:
        cluster.run(CTL, ["scontrol", "requeue", str(job)], user="alice")
        wait_for(lambda: began(cluster, job) == 1, 20)
        # Far below the five minutes after which the queue is looked at in any case.
        wait_for(lambda: "31010 . 2001" in owners(cluster, NODE), 60)
    finally:
        cluster.run(NODE, ["chmod", "+x", prolog])
    wait_for(lambda: cluster.get(hers.url).text == ALICE, 10)


def began(cluster: Cluster, job: int) -> int:
    """How often a job that runs was begun again."""
    shown = cluster.run(CTL, ["scontrol", "show", "job", str(job)]).out
    return int(shown.split("Restarts=")[1].split()[0]) if "JobState=RUNNING" in shown else -1
