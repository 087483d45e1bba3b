"""What programs of an account are told, and what visitors are sent to: at the path and at a domain.

The front end of the test cluster maps bob.test to bob's apache.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cluster.apache_site import Site
from cluster.testbed import CTL, WEB, Cluster
from golden.render import all_cases

pytestmark = pytest.mark.apache

TELL_PHP = "<?php echo json_encode($_SERVER + ['INPUT' => file_get_contents('php://input')]);\n"
TELL_CGI = """\
#!/usr/bin/perl
use JSON::PP;
print "Content-Type: application/json\\n\\n", encode_json({%ENV});
"""
REWRITES = """\
RewriteEngine on
RewriteRule ^in/(.*)$ tell.php/$1 [QSA]
RewriteRule ^cgi-in$ tell.cgi
RewriteRule ^front/ tell.php
"""
AWAY = """\
RewriteEngine on
RewriteCond %{REQUEST_URI} ^(.*)/away/old$
RewriteRule ^ %1/new [R=302]
"""
FILES = {
    "tell.php": TELL_PHP,
    "tell.cgi": TELL_CGI,
    "sub/page.html": "page\n",
    "rewrites/.htaccess": REWRITES,
    "rewrites/tell.php": TELL_PHP,
    "rewrites/tell.cgi": TELL_CGI,
    "away/.htaccess": AWAY,
}
# Host, and what the path begins with there.
PATH = ("pages.test", "/~bob")
DOMAIN = ("bob.test", "")
PLACES = [pytest.param(PATH, id="path"), pytest.param(DOMAIN, id="domain")]


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[Site]:
    """bob's programs, at his path and at his domain."""
    made = Site(cluster, "bob", "urls", FILES)
    made.set_options("EnablePHP", "EnableCGI", "PrefixParts 0")
    yield made
    made.remove()


def seen(cluster: Cluster, place: tuple[str, str], path: str, **headers: str) -> dict[str, Any]:
    """What a program says it was told."""
    host, prefix = place
    page = cluster.get(f"{prefix}/urls/{path}", {"Host": host, **headers})
    assert page.status == 200, page
    found: dict[str, Any] = json.loads(page.text)
    return found


def location(cluster: Cluster, place: tuple[str, str], path: str) -> tuple[int, str]:
    """Where a visitor is sent to."""
    host, prefix = place
    page = cluster.get(f"{prefix}/urls/{path}", {"Host": host})
    return page.status, page.headers.get("Location", "")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("program", ["tell.php", "tell.cgi"])
def test_a_program_is_told_the_public_url(
    cluster: Cluster, site: Site, place: tuple[str, str], program: str
) -> None:
    host, prefix = place
    told = seen(cluster, place, f"{program}/more/x?a=1&b=%20")
    assert told["SCRIPT_NAME"] == f"{prefix}/urls/{program}"
    assert told["PATH_INFO"] == "/more/x"
    assert told["REQUEST_URI"] == f"{prefix}/urls/{program}/more/x?a=1&b=%20"
    assert told["QUERY_STRING"] == "a=1&b=%20"
    assert (told["SERVER_NAME"], told["SERVER_PORT"]) == (host, "80")
    assert told["REQUEST_SCHEME"] == "http"
    assert "HTTPS" not in told
    assert told["SCRIPT_FILENAME"] == f"/home/bob/public_html/urls/{program}"
    if not prefix:
        assert told["DOCUMENT_ROOT"] == "/home/bob/public_html"


@pytest.mark.parametrize("place", PLACES)
def test_a_program_is_told_who_asked_and_not_who_the_visitor_says(
    cluster: Cluster, site: Site, place: tuple[str, str]
) -> None:
    forged = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Prefix": "/evil"}
    told = seen(cluster, place, "tell.cgi", **forged)
    web = cluster.run(WEB, ["hostname", "-I"]).out.split()
    assert told["REMOTE_ADDR"] not in ("10.9.8.7", *web)
    assert told.get("HTTP_X_FORWARDED_PREFIX", "") == ""
    assert told["HTTP_X_FORWARDED_PROTO"] == "http"


@pytest.mark.parametrize("place", PLACES)
def test_a_directory_without_its_slash_is_redirected_to_the_public_url(
    cluster: Cluster, site: Site, place: tuple[str, str]
) -> None:
    host, prefix = place
    assert location(cluster, place, "sub") == (301, f"http://{host}{prefix}/urls/sub/")


@pytest.mark.parametrize("place", PLACES)
def test_rewrites_of_htaccess_files_are_right_for_the_public_url(
    cluster: Cluster, site: Site, place: tuple[str, str]
) -> None:
    host, prefix = place
    base = f"{prefix}/urls/rewrites"
    told = seen(cluster, place, "rewrites/in/a/b?x=1")
    assert (told["SCRIPT_NAME"], told["PATH_INFO"]) == (f"{base}/tell.php", "/a/b")
    assert told["REQUEST_URI"] == f"{base}/in/a/b?x=1"
    assert told["QUERY_STRING"] == "x=1"
    assert seen(cluster, place, "rewrites/cgi-in")["SCRIPT_NAME"] == f"{base}/tell.cgi"
    assert seen(cluster, place, "rewrites/front/c")["SCRIPT_NAME"] == f"{base}/tell.php"
    assert location(cluster, place, "away/old") == (302, f"http://{host}{prefix}/urls/new")


def test_at_a_domain_only_with_prefixparts_0_is_anything_served(
    cluster: Cluster, site: Site
) -> None:
    site.set_options("EnablePHP", "EnableCGI")
    try:
        assert cluster.get("/urls/sub/page.html", {"Host": "bob.test"}).status == 404
        assert cluster.get("/~bob/urls/sub/page.html", {"Host": "pages.test"}).status == 200
    finally:
        site.set_options("EnablePHP", "EnableCGI", "PrefixParts 0")


def test_our_own_way_to_php_is_no_way_in(cluster: Cluster, site: Site) -> None:
    for name in ("php", "phps"):
        page = cluster.get(f"/.sciportal/{name}/urls/tell.php", {"Host": "bob.test"})
        assert page.status in (403, 404)
        assert "json_encode" not in page.text


# An instance beside bob's own, behind a front end that speaks TLS, in a home of its own.
BESIDE = """
export HOME=$HOME/beside PORT=8190 SCIPORTAL_RUN=$HOME/beside/run
/usr/sbin/apache2 -f $HOME/apache2.conf
for path in tell.cgi sub; do
    curl -s -H 'Host: site.example' --retry 5 --retry-connrefused -w '\\n%{redirect_url}\\n' \\
        http://127.0.0.1:$PORT/~bob/$path
done
/usr/sbin/apache2 -f $HOME/apache2.conf -k stop
"""


@pytest.mark.parametrize(("option", "scheme"), [("", "https"), ("Define DisableHTTPS", "http")])
def test_behind_a_front_end_with_tls_the_scheme_is_https_unless_switched_off(
    cluster: Cluster, option: str, scheme: str
) -> None:
    case = next(each for each in all_cases() if each.name == "account.conf-http")
    variables = {**case.variables, "sbatch_service_public_scheme": "https"}
    files = {
        "apache2.conf": case._replace(variables=variables).text(),
        ".apache-service/options.conf": f"Define EnableCGI\n{option}\n",
        ".apache-service/log/.keep": "",
        "run/.keep": "",
        "public_html/sub/.keep": "",
    }
    for path, text in files.items():
        cluster.write("bob", f"beside/{path}", text)
    cluster.write("bob", "beside/public_html/tell.cgi", TELL_CGI, "755")
    try:
        lines = cluster.run(CTL, ["sh", "-c", BESIDE], user="bob").out.splitlines()
    finally:
        cluster.run(CTL, ["rm", "-r", "beside"], user="bob")
    told = json.loads(lines[0])
    assert told["REQUEST_SCHEME"] == scheme
    assert told.get("HTTPS") == ("on" if scheme == "https" else None)
    assert lines[-1] == f"{scheme}://site.example/~bob/sub/"
