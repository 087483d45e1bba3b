"""From a public URL to a service, as visitors, owners and attackers meet it."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cluster.testbed import CTL, ECHO, NODES, WEB, Cluster, Service, wait_for
from cluster.visitor import ask, connect, handshake, say

pytestmark = pytest.mark.alone

WORKERS = "/etc/apache2/sciportal/workers/_public.conf"
STATUS = ["service-routes", "status", "--json"]


@pytest.fixture
def pages(cluster: Cluster) -> Iterator[str]:
    """The path of alice's pages, served by her service apache."""
    cluster.write("alice", "public_html/frontend.html", "<p>from alice</p>\n")
    cluster.service("alice", "deploy", "--wait", "apache")
    wait_for(lambda: cluster.get("/~alice/frontend.html").status == 200, 5)
    yield "/~alice"
    cluster.service("alice", "start", "--wait", "apache")
    cluster.run(CTL, ["rm", "public_html/frontend.html"], user="alice")


def test_the_first_page_says_what_this_is(cluster: Cluster) -> None:
    page = cluster.get("/")
    assert page.status == 200
    assert "/~ACCOUNT/" in page.text


def test_an_accounts_pages_are_shown_and_a_stopped_service_says_so_at_once(
    cluster: Cluster, pages: str
) -> None:
    assert cluster.get(f"{pages}/frontend.html").text == "<p>from alice</p>\n"
    cluster.service("alice", "stop", "apache")
    # Nothing listens any more, so this holds before the route has gone, and after.
    for _ in range(8):
        page = cluster.get(f"{pages}/frontend.html")
        assert page.status == 503
        assert "sbatch-service start apache" in page.text
        assert "<strong>alice</strong>" in page.text
        assert int(page.headers["Retry-After"]) > 0
        time.sleep(0.25)
    routes = cluster.run(WEB, ["cat", "/var/lib/sciportal-routes/routes.txt"]).out
    assert "alice:apache" not in routes
    cluster.service("alice", "start", "--wait", "apache")
    wait_for(lambda: cluster.get(f"{pages}/frontend.html").status == 200, 2)


def test_the_path_without_a_slash_leads_to_the_one_with_it(cluster: Cluster) -> None:
    answer = ask(cluster, "/~alice?x=1")
    assert answer.status == 301
    assert "Location: http://pages.test/~alice/?x=1\r\n" in answer.head


def test_unknown_accounts_and_impossible_names_are_not_found(cluster: Cluster) -> None:
    for path in ("/~nobody-here/", "/~Alice/", "/~", "/~/", "/~root/", "/~nobody-here:x/"):
        page = cluster.get(path)
        assert (page.status, "No such account" in page.text) == (404, True), path
    for name in ("Echo", "a--b", "-a", "a-", "log", "", "a" * 33, "a.b", "%E4", "a%2Fb"):
        page = cluster.get(f"/~bob:{name}/")
        assert (page.status, "No name of a service" in page.text) == (404, True), name
    assert cluster.get("/anything-else").status == 404


def test_what_a_visitor_writes_does_not_become_part_of_a_page(cluster: Cluster) -> None:
    for path in ("/~<b>x/", "/~bob:<b>/", "/~%3Cb%3Ex/", "/<b>", "/~bob/<b>"):
        answer = ask(cluster, path)
        assert answer.status in (400, 404, 503), path
        assert b"<b>" not in answer.body, path


def test_a_service_that_does_not_exist_is_not_running(cluster: Cluster) -> None:
    page = cluster.get("/~bob:nothing/")
    assert page.status == 503
    assert "sbatch-service start nothing" in page.text


def test_a_custom_service_gets_the_path_without_its_prefix(cluster: Cluster, echo: str) -> None:
    answer = ask(cluster, f"{echo}/a/b?c=d")
    assert answer.seen["path"] == "/a/b?c=d"
    assert answer.headers["x-forwarded-prefix"] == echo
    assert answer.headers["host"] == "pages.test"


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        ("/a%2Fb%20c%3Fd?x=%2F&y=a+b", "/a%2Fb%20c%3Fd?x=%2F&y=a+b"),
        ("/x//y//", "/x//y//"),
        ("/%C3%A4/%25/%7E", "/%C3%A4/%25/%7E"),
        ("/.well-known/..x/a..b/...", "/.well-known/..x/a..b/..."),
        ("/${routes:alice:apache}/$1/%251", "/${routes:alice:apache}/$1/%251"),
        ("/http://other.test:9000/", "/http://other.test:9000/"),
    ],
)
def test_a_service_gets_the_path_as_it_was_written(
    cluster: Cluster, echo: str, sent: str, got: str
) -> None:
    assert ask(cluster, echo + sent).seen["path"] == got


def test_other_spellings_of_the_prefix_lead_to_the_one(cluster: Cluster, echo: str) -> None:
    for prefix in ("/%7Ebob:echo", "/~bob%3Aecho", "/~%62ob:%65cho"):
        for rest in ("/x", "/a%2Fb%20c?x=%2F&y=a+b", "//evil.test/"):
            answer = ask(cluster, prefix + rest, method="POST")
            assert answer.status == 308, prefix
            assert f"\r\nLocation: http://pages.test{echo}{rest}\r\n" in answer.head, prefix
        # WebSockets are not redirected by browsers.
        assert handshake(cluster, f"{prefix}/", b"hello") == (101, [b"hello"]), prefix
    for same in ("//~bob:echo", f"http://elsewhere.test{echo}"):
        answer = ask(cluster, f"{same}/x")
        assert (answer.seen["path"], answer.headers["x-forwarded-prefix"]) == ("/x", echo), same


@pytest.mark.parametrize(
    "path",
    ["/../~alice/", "/..", "/%2e%2e/~alice/", "/.%2E/", "/a/./b", "/%2e", "/..%2f", "/x/..;/y"],
)
def test_a_path_that_climbs_is_refused(cluster: Cluster, echo: str, path: str) -> None:
    assert ask(cluster, echo + path).status == 400


def test_the_front_end_is_no_open_proxy(cluster: Cluster, echo: str) -> None:
    for path in ("http://127.0.0.1:22/", f"http://{CTL}:6817/", "//example.org/", "/~bob:echo@x/"):
        assert b'"service"' not in ask(cluster, path).body, path
    assert ask(cluster, f"{CTL}:6817", method="CONNECT").status in (400, 405)


def test_a_bad_line_of_the_map_is_never_a_target(cluster: Cluster, echo: str) -> None:
    state = "/var/lib/sciportal-routes/routes.txt"
    line = next(
        line for line in cluster.run(WEB, ["cat", state]).out.splitlines() if "bob:echo" in line
    )
    target = line.split()[1].partition("http,")[2]
    bad = [
        f"public,http,user@{target}",
        f"public,http,{target}/path",
        f"public,http,http://{target}",
        f"public,https,{target}",
        f"public,fcgi,{target}",
        f"all,http,{target}",
        f"public,http,{target.split(':')[0]}:80",
        f"public,http,{target}0",
        f"http://{target}",
    ]
    text = "".join(f"alice:bad{number} {value} 1\n" for number, value in enumerate(bad))
    good = f"alice:good public,http,{target} 1\n"
    cluster.run(WEB, ["systemctl", "stop", "sciportal-routes"])
    try:
        cluster.run(WEB, ["sh", "-c", f"cat >{state}"], stdin=text + good)
        assert ask(cluster, "/~alice:good/").status == 200
        for number, value in enumerate(bad):
            assert ask(cluster, f"/~alice:bad{number}/").status == 503, value
        # Nor does it become part of the configuration.
        cluster.run(WEB, ["systemctl", "start", "sciportal-workers"])
    finally:
        cluster.run(WEB, ["systemctl", "start", "sciportal-routes"])
    wait_for(lambda: ask(cluster, "/~alice:good/").status == 503, 5)


def test_what_a_service_answers_passes_untouched(cluster: Cluster, echo: str) -> None:
    for status in (404, 403, 500, 502, 503):
        page = cluster.get(f"{echo}/status/{status}")
        assert (page.status, page.text) == (status, "the service's own words\n")
        assert "Retry-After" not in page.headers


def test_a_service_that_ends_the_connection_is_a_bad_gateway(cluster: Cluster, echo: str) -> None:
    page = cluster.get(f"{echo}/die")
    assert page.status == 502
    assert "<strong>echo</strong> of the account <strong>bob</strong>" in page.text


def declared(cluster: Cluster) -> str:
    """The workers of the public pages that Apache has."""
    return cluster.run(WEB, ["cat", WORKERS], check=False).out


def address_of(cluster: Cluster, service: str) -> str:
    """Where a service of bob listens."""
    found = cluster.service("bob", "status", "--json", service).json()["results"][0]
    return f"{found['node']}:{found['endpoint']['port']}"


def test_a_websocket_works_before_and_after_its_service_has_a_worker(cluster: Cluster) -> None:
    service = Service(cluster, "socket", "bob")
    service.script(ECHO)
    service.settings('access = "public"\n')
    service("start", "--wait")
    try:
        wait_for(lambda: cluster.get("/~bob:socket/").status == 200, 5)
        told = (101, [b"hello", b"again"])
        # An earlier run may have left a worker for the same address.
        forget_workers(cluster)
        assert address_of(cluster, "socket") not in declared(cluster)
        assert handshake(cluster, "/~bob:socket/ws", b"hello", b"again") == told
        wait_for(lambda: address_of(cluster, "socket") in declared(cluster), 60, every=1)
        assert handshake(cluster, "/~bob:socket/ws", b"hello", b"again") == told
    finally:
        service("purge", "--yes", "--no-archive")


def test_connections_to_a_service_are_used_again(cluster: Cluster, echo: str) -> None:
    wait_for(lambda: f'"http://{address_of(cluster, "echo")}"' in declared(cluster), 60, every=1)
    # Not the echo's own count of all connections, but of those that these requests came by.
    numbers = {ask(cluster, f"{echo}/").seen["connection"] for _ in range(50)}
    assert len(numbers) <= 25


def test_the_short_way_and_the_long_one_lead_to_the_same(cluster: Cluster, echo: str) -> None:
    """The first rules take a plain path, the last ones a path with a dot at the beginning."""
    wait_for(lambda: f'"http://{address_of(cluster, "echo")}"' in declared(cluster), 60, every=1)
    forged = ["X-Forwarded-Prefix: /forged", "X_Script.Name: forged", "X-Shib-Userid: forged"]
    for sent in ([], forged, ["Cookie: _shibsession_1=2; a=b"], ["Connection: x-forwarded-prefix"]):
        for host in ("pages.test", "echo.test"):
            prefix = echo if host == "pages.test" else ""
            short, long = (
                say(
                    cluster,
                    f"GET {prefix}/{page}?q HTTP/1.0\r\nHost: {host}\r\n"
                    + "".join(f"{each}\r\n" for each in sent)
                    + "\r\n",
                )
                for page in ("x", ".x")
            )
            assert short.status == long.status == 200
            assert (short.seen["path"], long.seen["path"]) == ("/x?q", "/.x?q")
            assert short.headers == long.headers
            assert short.headers["x-forwarded-prefix"] == prefix
            assert b"forged" not in short.body
    for refused in ("X-Shib-Unheard: forged", "Remote_Unheard: forged"):
        for page in ("x", ".x"):
            assert ask(cluster, f"{echo}/{page}", refused).status == 400


def test_a_restarted_service_is_found_again_without_a_reload(cluster: Cluster, echo: str) -> None:
    wait_for(lambda: f'"http://{address_of(cluster, "echo")}"' in declared(cluster), 60, every=1)
    cluster.service("bob", "restart", "--wait", "echo")
    wait_for(lambda: cluster.get(f"{echo}/").status == 200, 2)


def forget_workers(cluster: Cluster) -> None:
    """Have no workers for the public pages."""
    cluster.run(WEB, ["sh", "-c", f": >{WORKERS}; systemctl reload apache2"])


def test_a_request_from_before_a_reload_is_answered_as_before(cluster: Cluster, echo: str) -> None:
    """A process that goes on with the old configuration is told of no worker that it has not."""
    where = f'"http://{address_of(cluster, "echo")}"'
    wait_for(lambda: where in declared(cluster), 60, every=1)
    forget_workers(cluster)
    with connect(cluster) as connection:
        connection.sendall(f"GET {echo}/ HTTP/1.1\r\nHost: pages.test\r\n".encode())
        # The timer may be at it as well.
        wait_for(lambda: where in _declared_now(cluster), 60, every=1)
        wait_for(lambda: cluster.get(f"{echo}/").status == 200, 5)
        connection.sendall(b"Connection: close\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def _declared_now(cluster: Cluster) -> str:
    cluster.run(WEB, ["systemctl", "start", "sciportal-workers"], check=False)
    return declared(cluster)


def test_no_visitor_notices_when_workers_come_and_go(cluster: Cluster, echo: str) -> None:
    where = f'"http://{address_of(cluster, "echo")}"'
    wait_for(lambda: where in declared(cluster), 60, every=1)
    over = threading.Event()

    def visit() -> Counter[int]:
        found: Counter[int] = Counter()
        while not over.is_set():
            found[cluster.get(f"{echo}/").status] += 1
        return found

    with ThreadPoolExecutor(4) as pool:
        visitors = [pool.submit(visit) for _ in range(4)]
        try:
            for _ in range(3):
                forget_workers(cluster)
                wait_for(lambda: where in _declared_now(cluster), 60, every=2)
        finally:
            over.set()
        found = sum((each.result() for each in visitors), Counter[int]())
    assert set(found) == {200}, found


def test_nobody_can_change_the_workers(cluster: Cluster, echo: str) -> None:
    wait_for(lambda: f'"http://{address_of(cluster, "echo")}"' in declared(cluster), 60, every=1)
    for path in ("/balancer-manager", "/balancer-manager/", "/balancer://x/"):
        assert ask(cluster, path).status == 404, path
    assert ask(cluster, f"{echo}/balancer-manager").seen["path"] == "/balancer-manager"


def test_the_access_log_names_account_and_service(cluster: Cluster, echo: str) -> None:
    ask(cluster, f"{echo}/logged-{os.getpid()}")
    ask(cluster, f"/~bob:nothing/logged-{os.getpid()}")
    ask(cluster, f"/logged-{os.getpid()}")
    log = cluster.run(WEB, ["cat", "/var/log/apache2/sciportal-access.log"]).out
    ends = [line.split()[-2:] for line in log.splitlines() if f"/logged-{os.getpid()} " in line]
    assert ends == [["bob", "echo"], ["bob", "nothing"], ["-", "-"]]


def test_without_slurmctld_pages_stay_and_the_failures_are_counted(
    cluster: Cluster, echo: str
) -> None:
    before = cluster.run(WEB, STATUS).json()
    assert (before["failures"], before["message"]) == (0, "")
    cluster.run(CTL, ["systemctl", "stop", "slurmctld"])
    try:
        wait_for(lambda: cluster.run(WEB, STATUS, check=False).json()["failures"] > 0, 30)
        assert cluster.get(f"{echo}/").status == 200
        stale = [*STATUS, "--max-age", "1"]
        ended = wait_for(lambda: _stale(cluster.run(WEB, stale, check=False)), 30)
        assert ended.code == 1
        assert ended.json()["message"]
        assert cluster.get(f"{echo}/").status == 200
    finally:
        cluster.run(CTL, ["systemctl", "start", "slurmctld"])
    wait_for(lambda: cluster.run(WEB, STATUS, check=False).json()["failures"] == 0, 60)
    after = cluster.run(WEB, STATUS).json()
    assert after["failures_total"] > before["failures_total"]
    assert cluster.get(f"{echo}/").status == 200


def _stale(ended: Any) -> Any:
    return ended if ended.code else None


def test_a_daemon_that_does_not_run_is_unknown(cluster: Cluster) -> None:
    cluster.run(WEB, ["systemctl", "stop", "sciportal-routes"])
    try:
        assert cluster.run(WEB, STATUS, check=False).code == 4
    finally:
        cluster.run(WEB, ["systemctl", "start", "sciportal-routes"])
    wait_for(lambda: cluster.run(WEB, STATUS, check=False).code == 0, 10)


def test_the_daemon_comes_back_when_it_is_killed_and_has_no_rights(cluster: Cluster) -> None:
    show = ["systemctl", "show", "--value", "-p", "MainPID", "sciportal-routes"]
    pid = cluster.run(WEB, show).out.strip()
    status = cluster.run(WEB, ["cat", f"/proc/{pid}/status"]).out
    assert "CapEff:\t0000000000000000" in status
    assert "Uid:\t0" not in status
    cluster.run(WEB, ["kill", "-KILL", pid])
    wait_for(lambda: cluster.run(WEB, show).out.strip() not in ("0", pid), 10)
    wait_for(lambda: cluster.run(WEB, STATUS, check=False).code == 0, 10)


def test_apache_is_told_only_what_it_accepts(cluster: Cluster, echo: str) -> None:
    """A broken configuration elsewhere keeps new workers out, and Apache running."""
    wait_for(lambda: f'"http://{address_of(cluster, "echo")}"' in declared(cluster), 60, every=1)
    broken = "/etc/apache2/conf-enabled/broken.conf"
    cluster.run(WEB, ["sh", "-c", f"echo Nonsense >{broken}; : >{WORKERS}"])
    try:
        ended = cluster.run(WEB, ["systemctl", "start", "sciportal-workers"], check=False)
        assert ended.code
        assert declared(cluster) == ""
        assert cluster.get(f"{echo}/").status == 200
    finally:
        cluster.run(WEB, ["rm", broken])
    cluster.run(WEB, ["systemctl", "start", "sciportal-workers"])
    assert address_of(cluster, "echo") in declared(cluster)
    assert cluster.get(f"{echo}/").status == 200


def test_services_are_on_the_nodes_and_the_web_host_runs_none(cluster: Cluster, echo: str) -> None:
    assert address_of(cluster, "echo").split(":")[0] in NODES
