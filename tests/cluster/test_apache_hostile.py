"""Hostile files of an account: they have its rights and nothing more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cluster.apache_site import OPTIONS, Site
from cluster.squat import IPV4, SERVICE
from cluster.testbed import CTL, Cluster, Service, wait_for

pytestmark = pytest.mark.apache

WHO = '<?php echo "ran:", posix_geteuid(), " ", `id -u`;'
PRIVATE = "alice's own words"
HTACCESS = [
    "SetHandler server-status",
    'SetHandler "proxy:http://127.0.0.1:6817/"',
    "SetHandler cgi-script",
    "Options +ExecCGI\nSetHandler cgi-script",
    "Action own /.sciportal/phps\nSetHandler own",
    "SetHandler sciportal-phps",
    "RewriteEngine on\nRewriteRule ^ /etc/passwd [L]",
    "RewriteEngine on\nRewriteRule ^ http://127.0.0.1:6817/ [P]",
    "ErrorDocument 404 /home/alice/private/conf",
    "AuthUserFile /home/alice/private/conf\nAuthType Basic\nAuthName x\nRequire valid-user",
]


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[Site]:
    """bob's pages, and a file of alice's that only she may read."""
    cluster.write("alice", "private/conf", f"# {PRIVATE}\n", "600")
    made = Site(cluster, "bob", "hostile", {"who.php": WHO, "page.html": "page\n"})
    yield made
    made.remove()
    cluster.run(CTL, ["rm", "-rf", "private"], user="alice")


@pytest.fixture
def harmless(cluster: Cluster, site: Site) -> Site:
    """The same, running with ordinary options."""
    cluster.write("bob", OPTIONS, "")
    cluster.service("bob", "start", "--wait", "apache")
    site.set_options("EnablePHP")
    return site


def who(cluster: Cluster, site: Site) -> list[str]:
    """The uids that the pages' programs run as."""
    return site.get("who.php").text.removeprefix("ran:").split()


def uids(cluster: Cluster, site: Site) -> set[str]:
    """The users of all processes of Apache on the service's node."""
    (told,) = cluster.service("bob", "status", "--json", "apache").json()["results"]
    argv = ["ps", "-C", "apache2", "-o", "user="]
    return set(cluster.run(told["node"], argv).out.split())


def restart(site: Site, text: str) -> tuple[int, str]:
    """Restart with this options.conf; exit code and message."""
    site.cluster.write("bob", OPTIONS, f"Define EnablePHP\n{text}\n")
    ended = site.cluster.service("bob", "restart", "--wait=5", "apache", check=False)
    return ended.code, ended.err


@pytest.mark.parametrize("text", ["User root\nGroup root", "User alice\nGroup alice"])
def test_another_user_is_not_to_be_had(cluster: Cluster, harmless: Site, text: str) -> None:
    code, _ = restart(harmless, text)
    if code == 0:
        wait_for(lambda: harmless.get("who.php").status == 200, 5)
        assert set(who(cluster, harmless)) == {"2002"}
        assert "root" not in uids(cluster, harmless)


@pytest.mark.parametrize("file", ["/home/alice/private/conf", "/etc/shadow"])
def test_another_users_file_is_not_read(cluster: Cluster, harmless: Site, file: str) -> None:
    harmless.cluster.write("bob", OPTIONS, f"Include {file}\n")
    for ended in (
        cluster.service("bob", "restart", "apache", check=False),
        # As root, too: nothing of the account's is read with more than its rights.
        cluster.run(CTL, ["sbatch-service", "--account", "bob", "restart", "apache"], check=False),
    ):
        assert PRIVATE not in ended.out + ended.err
        assert "root:" not in ended.out + ended.err
        assert ended.code == 1
        assert "Could not open" in ended.err or "ermission denied" in ended.err


def test_roots_call_runs_nothing_of_the_account_as_root(cluster: Cluster, harmless: Site) -> None:
    cluster.write("bob", "hostile-log", "#!/bin/sh\nid -un >>$HOME/hostile-who\n", "755")
    lines = [
        'CustomLog "|/home/bob/hostile-log" "%r"',
        'ErrorLog "|/home/bob/hostile-log"',
        "LoadModule info_module /home/bob/own.so",
    ]
    copy = ["cp", "/usr/lib/apache2/modules/mod_info.so", "own.so"]
    cluster.run(CTL, copy, user="bob")
    cluster.write("bob", OPTIONS, "\n".join([*lines, ""]))
    try:
        for action in ("reload", "restart", "init", "start"):
            argv = ["sbatch-service", "--account", "bob", action, "apache"]
            assert cluster.run(CTL, argv).code == 0
        cluster.service("bob", "start", "--wait", "apache")
        seen = "cat hostile-who 2>/dev/null || true"
        wait_for(lambda: cluster.run(CTL, ["sh", "-c", seen], user="bob").out, 10)
        assert set(cluster.run(CTL, ["sh", "-c", seen], user="bob").out.split()) == {"bob"}
        owners = cluster.run(CTL, ["find", "/home/bob", "-user", "root"]).out
        assert owners == ""
        wait_for(lambda: "bob" in uids(cluster, harmless), 5)
        # Other accounts may have an Apache there as well.
        assert "root" not in uids(cluster, harmless)
    finally:
        cluster.run(CTL, ["rm", "-f", "own.so", "hostile-log", "hostile-who"], user="bob")


def test_a_port_of_the_system_is_not_to_be_had(cluster: Cluster, harmless: Site) -> None:
    code, message = restart(harmless, "Listen 80")
    if code == 0:
        # Where the kernel lets everybody have low ports; the front end asks for none of them.
        assert harmless.get("who.php").status in (200, 503)
    else:
        assert "ermission denied" in message or "could not bind" in message
    cluster.service("bob", "stop", "apache")


def test_another_accounts_port_gets_none_of_its_visitors(
    cluster: Cluster, harmless: Site, service: Service
) -> None:
    service.script(SERVICE.replace("ADDRESSES", IPV4))
    service.settings('access = "public"\n')
    service("deploy", "--wait")
    restart(harmless, f"Listen {service.status()['endpoint']['port']}")
    hers = f"/~alice:{service.name}"
    wait_for(lambda: cluster.get(f"{hers}/").status == 200, 5)
    for _ in range(20):
        page = cluster.get(f"{hers}/hostile/page.html")
        assert (page.status, page.text) == (200, "alice answers")


def test_an_htaccess_file_gets_nothing_that_the_account_may_not(
    cluster: Cluster, harmless: Site
) -> None:
    link = "mkdir -p public_html/hostile/sub && ln -sf /home/alice/private/conf"
    cluster.run(CTL, ["sh", "-c", f"{link} public_html/hostile/sub/link"], user="bob")
    cluster.write("bob", "public_html/hostile/sub/page.html", "page\n")
    try:
        for text in HTACCESS:
            cluster.write("bob", "public_html/hostile/sub/.htaccess", f"{text}\n")
            for name in ("page.html", "link", "none", ""):
                page = harmless.get(f"sub/{name}")
                assert PRIVATE not in page.text, text
                assert "root:" not in page.text, text
                assert "Apache Status" not in page.text, text
                assert page.status in (200, 401, 403, 404, 500), text
    finally:
        cluster.run(CTL, ["rm", "-r", "public_html/hostile/sub"], user="bob")


def test_links_lead_no_further_than_the_account(cluster: Cluster, harmless: Site) -> None:
    script = """
    mkdir -p public_html/hostile/links && cd public_html/hostile/links || exit
    echo "Options +FollowSymLinks" >.htaccess
    ln -sf /home/alice/private/conf a; ln -sf /etc/shadow b; ln -sf /home/alice c
    """
    cluster.run(CTL, ["sh", "-c", script], user="bob")
    try:
        for path in ("links/a", "links/b", "links/c/private/conf"):
            page = harmless.get(path)
            assert page.status == 403, path
            assert PRIVATE not in page.text
    finally:
        cluster.run(CTL, ["rm", "-r", "public_html/hostile/links"], user="bob")
