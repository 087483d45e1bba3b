"""Programs that nobody here wrote, from the distribution's packages, in an account's Apache."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest

from cluster.apache_site import Site
from cluster.testbed import CTL, NODES, Cluster, wait_for

pytestmark = pytest.mark.apache

# What phpLiteAdmin and UseModWiki need of the system, on the nodes.
NEEDED = ["php-sqlite3", "php-mbstring", "libcgi-pm-perl"]
INSTALL = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends"]
# As root: the packages' files, in /tmp/applications.
UNPACK = """
set -e
mkdir -p /tmp/applications/packages && cd /tmp/applications/packages
apt-get -qq download phpliteadmin usemod-wiki
for each in *.deb; do dpkg-deb -x $each ..; done
"""
# As the account.
SET_UP = """
set -e
from=/tmp/applications
mkdir -p databases wiki public_html/applications/lite public_html/applications/wiki
cp $from/usr/share/phpliteadmin/phpliteadmin.php public_html/applications/lite/index.php
cat >public_html/applications/lite/phpliteadmin.config.php <<END
<?php \\$password = 'a-secret'; \\$directory = '$HOME/databases';
END
sed "s#/etc/usemod-wiki/config#$HOME/wiki/config#" $from/usr/lib/cgi-bin/wiki.pl \\
    >public_html/applications/wiki/wiki.pl
chmod 755 public_html/applications/wiki/wiki.pl
sed "s#/var/lib/usemod-wiki#$HOME/wiki#" $from/etc/usemod-wiki/config >wiki/config
"""
SSI_PAGE = """\
<!--#set var="who" value="visitor" --><!--#include virtual="part.html" -->
<!--#if expr="v('who') = 'visitor'" -->for a <!--#echo var="who" --><!--#endif -->
at <!--#echo var="DOCUMENT_URI" -->
"""


class Browser:
    """A visitor who keeps cookies.

    Args:
        base: what all addresses begin with.
    """

    def __init__(self, base: str) -> None:
        self._base = base
        self.cookies = http.cookiejar.CookieJar()
        handler = urllib.request.HTTPCookieProcessor(self.cookies)
        self._opener = urllib.request.build_opener(handler)

    def get(self, path: str) -> str:
        """The page at a path."""
        with self._opener.open(self._base + path, timeout=30) as answer:
            return str(answer.read().decode())

    def post(self, path: str, fields: dict[str, str], file: str = "") -> str:
        """The page that follows a form; `file` is uploaded as the field of that name."""
        mark = "--its-own-boundary"
        parts = [(f'name="{name}"', value) for name, value in fields.items()]
        if file:
            parts.append(('name="file"; filename="upload.sql"', file))
        body = "".join(
            f"--{mark}\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n"
            for head, value in parts
        )
        headers = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        data = f"{body}--{mark}--\r\n".encode()
        request = urllib.request.Request(self._base + path, data, headers)
        with self._opener.open(request, timeout=30) as answer:
            return str(answer.read().decode())


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[Site]:
    """bob's applications."""
    installs = [cluster.start(node, [*INSTALL, *NEEDED]) for node in NODES]
    cluster.run(CTL, ["sh", "-c", UNPACK])
    made = Site(cluster, "bob", "applications", {"ssi/i.shtml": SSI_PAGE, "ssi/part.html": "Words"})
    cluster.run(CTL, ["sh", "-c", SET_UP], user="bob")
    for each in installs:
        assert each.wait(300) == 0
    made.set_options("EnablePHP", "EnablePerlCGI", "EnableSSI", "PrefixParts 0")
    yield made
    made.remove()
    cluster.run(CTL, ["rm", "-rf", "databases", "wiki"], user="bob")
    cluster.run(CTL, ["rm", "-rf", "/tmp/applications"])


def token(page: str) -> str:
    """What phpLiteAdmin wants back with each form."""
    found = re.search(r'name="token" value="([0-9a-f]+)"', page)
    assert found, page
    return found[1]


def test_a_php_application_with_sessions_and_uploads(cluster: Cluster, site: Site) -> None:
    browser = Browser(f"{cluster.url}{site.base}/lite/")
    login = {"token": token(browser.get("")), "login": "Log In", "password": "a-secret"}
    assert "Create New Database" in browser.post("", login)
    page = browser.post("", {"token": token(browser.get("")), "new_dbname": "test.sqlite"})
    database = "?" + urllib.parse.urlencode({"database": "/home/bob/databases/test.sqlite"})
    rows = "".join(f"INSERT INTO numbers VALUES ({n});\n" for n in range(40000))  # noqa: S608 - no query
    page = browser.post(
        f"{database}&view=import",
        {"token": token(page), "import_type": "sql", "import": "Import"},
        file=f"CREATE TABLE numbers (n INTEGER);\nBEGIN;\n{rows}COMMIT;\n",
    )
    page = browser.get(f"{database}&table=numbers&action=row_view")
    assert "40000" in page
    # The session is the account's own, outlives the job, and is nobody else's to read.
    ls = ["find", ".apache-service/sessions", "-name", "sess_*"]
    assert cluster.run(CTL, ls, user="bob").out.split()
    assert cluster.run(CTL, ["ls", "/home/bob/.apache-service"], user="alice", check=False).code
    cluster.service("bob", "restart", "--wait", "apache")
    wait_for(lambda: cluster.get(f"{site.base}/ssi/part.html").status == 200, 5)
    assert "numbers" in browser.get(f"{database}")
    # Another visitor is asked for the password.
    assert "a-secret" not in Browser(f"{cluster.url}{site.base}/lite/").get(database)
    assert "type='password'" in Browser(f"{cluster.url}{site.base}/lite/").get(database)


def test_a_wiki_that_is_a_perl_cgi_program(cluster: Cluster, site: Site) -> None:
    browser = Browser(f"{cluster.url}{site.base}/wiki/")
    page = browser.get("wiki.pl?action=edit&id=SandBox")
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    fields.update(text="Words of a visitor and a LinkToMore", summary="first", Save="Save")
    page = browser.post("wiki.pl", fields)
    assert "Words of a visitor" in page
    again = Browser(f"{cluster.url}{site.base}/wiki/").get("wiki.pl?SandBox")
    assert "Words of a visitor" in again
    assert 'href="wiki.pl?action=edit&amp;id=LinkToMore"' in again
    assert "SandBox" in browser.get("wiki.pl?action=rc")


def test_the_same_applications_at_a_domain(cluster: Cluster, site: Site) -> None:
    host = {"Host": "bob.test"}
    assert "type='password'" in cluster.get("/applications/lite/", host).text
    page = cluster.get("/applications/wiki/wiki.pl?action=rss", host)
    assert page.status == 200
    assert "http://bob.test/applications/wiki/wiki.pl" in page.text
    page = cluster.get(f"{site.base}/wiki/wiki.pl?action=rss", {"Host": "pages.test"})
    assert f"http://pages.test{site.base}/wiki/wiki.pl" in page.text


def test_a_page_with_includes_of_another(cluster: Cluster, site: Site) -> None:
    page = site.get("ssi/i.shtml")
    assert page.status == 200
    assert page.text.split() == ["Words", "for", "a", "visitor", "at", f"{site.base}/ssi/i.shtml"]
