"""Programs that nobody here wrote, from the distribution's packages, in an account's Apache.

They are installed from data and used in a browser, at bob's path and at bob.test.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.browser import BOTH, Chromium, Window, place_of
from cluster.data import by_root
from cluster.testbed import CTL, NODES, Cluster, wait_for

pytestmark = [pytest.mark.apache, pytest.mark.more]

# What phpLiteAdmin and UseModWiki need of the system, on the nodes.
NEEDED = ["php-sqlite3", "php-mbstring", "libcgi-pm-perl"]
INSTALL = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends"]
# As root: the packages' files, and of them those that bob has in his pages. Debian's programs ask
# for what they share at the host's root, where bob has nothing.
UNPACK = """
set -e
mkdir -p /tmp/applications/packages && cd /tmp/applications/packages
apt-get -qq download phpliteadmin libjs-codemirror usemod-wiki
for each in *.deb; do dpkg-deb -x $each ..; done
cd .. && mkdir -p pages/lite pages/wiki
sed 's#"/javascript/codemirror/#"codemirror/#' \\
    usr/share/phpliteadmin/phpliteadmin.php >pages/lite/index.php
for each in lib/codemirror.css lib/codemirror.js mode/sql/sql.js \\
    addon/hint/show-hint.css addon/hint/show-hint.js addon/hint/sql-hint.js; do
    install -D -m 644 usr/share/javascript/codemirror/$each pages/lite/codemirror/$each
done
sed 's#/etc/usemod-wiki/config#/home/bob/wiki/config#' usr/lib/cgi-bin/wiki.pl >pages/wiki/wiki.pl
chmod 755 pages/wiki/wiki.pl
sed 's#/var/lib/usemod-wiki#/home/bob/wiki#; s#^$LogoUrl .*#$LogoUrl = "";#' \\
    etc/usemod-wiki/config >wiki-config
"""
# As the account: what a person would unpack in a home.
SET_UP = """
set -e
mkdir -p databases wiki public_html
cp /tmp/applications/wiki-config wiki/config
cp -r /tmp/applications/pages public_html/applications
"""
CONFIG = "<?php $password = 'a-secret'; $directory = '/home/bob/databases';\n"
SSI_PAGE = """\
<!--#set var="who" value="visitor" --><!--#include virtual="part.html" -->
<!--#if expr="v('who') = 'visitor'" -->for a <!--#echo var="who" --><!--#endif -->
at <!--#echo var="DOCUMENT_URI" -->
"""
BROKEN_PAGE = """\
<!DOCTYPE html><title>Broken</title>
<img src="/none.png"><a href="http://localhost:1/">a</a><a href="https://example.org/">b</a>
<script>document.cookie = "mine=1; path=/"; undefined_word();</script>
"""
PAGES = [
    {"path": "applications/lite/phpliteadmin.config.php", "content": CONFIG},
    {"path": "applications/broken.html", "content": BROKEN_PAGE},
    {"path": "applications/ssi/i.shtml", "content": SSI_PAGE},
    {"path": "applications/ssi/part.html", "content": "Words"},
]
SITE = ("/~bob", "bob.test")


@pytest.fixture(scope="module", autouse=True)
def site(cluster: Cluster) -> Iterator[None]:
    """bob's applications."""
    installs = [cluster.start(node, [*INSTALL, *NEEDED]) for node in NODES]
    cluster.run(CTL, ["sh", "-c", UNPACK])
    cluster.run(CTL, ["sh", "-c", SET_UP], user="bob")
    options = {"EnablePHP": True, "EnablePerlCGI": True, "EnableSSI": True, "PrefixParts": 0}
    apache = {
        "name": "apache",
        "public_html": {"files": PAGES},
        "config": {"options": options},
    }
    by_root({"bob": [apache]}).ok()
    for each in installs:
        assert each.wait(300) == 0
    wait_for(lambda: cluster.get("/~bob/applications/ssi/part.html").status == 200, 5)
    yield
    cluster.service("bob", "purge", "--yes", "--no-archive", "apache")
    cluster.run(CTL, ["rm", "-rf", "databases", "wiki", "public_html/applications"], user="bob")
    cluster.run(CTL, ["rm", "-rf", "/tmp/applications"])


def log_in(window: Window) -> None:
    """Open phpLiteAdmin, and give its password."""
    window.open("applications/lite/")
    window.page.fill("[name=password]", "a-secret")
    window.press("Log In")
    window.shows("Create New Database")


def make_table(window: Window, name: str) -> None:
    """Make a database with a table `words` of a number and a word, which has no row."""
    window.page.fill("[name=new_dbname]", f"{name}.sqlite")
    window.page.press("[name=new_dbname]", "Enter")
    window.shows("Create new table on database")
    window.page.fill("[name=tablename]", "words")
    window.page.fill("[name=tablefields]", "2")
    window.page.press("[name=tablefields]", "Enter")
    for number, (field, kind) in enumerate((("number", "INTEGER"), ("word", "TEXT"))):
        window.page.fill(f"[name='{number}_field']", field)
        window.page.select_option(f"[name='{number}_type']", kind)
    window.page.press("[name='1_field']", "Enter")
    window.shows("has been created")


@BOTH
def test_a_php_application_with_sessions_and_uploads(
    cluster: Cluster, chromium: Chromium, where: str, tmp_path: Path
) -> None:
    place = place_of(cluster, where, *SITE)
    rows = "".join(f"INSERT INTO words VALUES ({n}, 'said');\n" for n in range(40000))  # noqa: S608 - no query
    (tmp_path / "words.sql").write_text(f"BEGIN;\n{rows}COMMIT;\n")
    with chromium.window(place) as window, chromium.window(place) as other:
        log_in(window)
        make_table(window, where)
        window.follow(f"{where}.sqlite")
        window.follow("Import")
        window.page.set_input_files("[name=file]", tmp_path / "words.sql")
        window.press("Import")
        window.shows("Import was successful")
        window.follow("words")
        window.shows("40000")
        # The session is the account's own, outlives the job, and is nobody else's to read.
        ls = ["find", ".apache-service/sessions", "-name", "sess_*"]
        assert cluster.run(CTL, ls, user="bob").out.split()
        away = cluster.run(CTL, ["ls", "/home/bob/.apache-service"], user="alice", check=False)
        assert away.code
        cluster.service("bob", "restart", "--wait", "apache")
        wait_for(lambda: cluster.get("/~bob/applications/ssi/part.html").status == 200, 5)
        window.page.reload()
        window.shows("40000")
        # Another visitor is asked for the password.
        other.open(f"applications/lite/?database=/home/bob/databases/{where}.sqlite")
        other.page.wait_for_selector("[name=password]")
        window.press("Logout")
        window.page.wait_for_selector("[name=password]")
        window.open("applications/lite/")
        window.page.wait_for_selector("[name=password]")


@BOTH
def test_a_wiki_that_is_a_perl_cgi_program(
    cluster: Cluster, chromium: Chromium, where: str
) -> None:
    place = place_of(cluster, where, *SITE)
    page = f"{where.capitalize()}Page"
    with chromium.window(place) as window, chromium.window(place) as other:
        window.open(f"applications/wiki/wiki.pl?action=edit&id={page}")
        window.page.fill("[name=text]", "Words of a visitor and a LinkToMore")
        window.page.fill("[name=summary]", "first")
        window.press("Save")
        window.shows("Words of a visitor")
        other.open(f"applications/wiki/wiki.pl?{page}")
        other.shows("Words of a visitor")
        other.page.click("a[href*='id=LinkToMore']")
        other.page.wait_for_selector("[name=text]")
        assert other.path == "applications/wiki/wiki.pl?action=edit&id=LinkToMore"
        other.open("applications/wiki/wiki.pl?action=rc")
        other.shows(page)
        feed = other.fetch("applications/wiki/wiki.pl?action=rss")
        assert f"{place.base}applications/wiki/wiki.pl" in feed


@BOTH
def test_a_page_with_includes_of_another(cluster: Cluster, chromium: Chromium, where: str) -> None:
    place = place_of(cluster, where, *SITE)
    with chromium.window(place) as window:
        window.open("applications/ssi/i.shtml")
        said = f"{place.prefix}/applications/ssi/i.shtml"
        assert window.text.split() == ["Words", "for", "a", "visitor", "at", said]


def test_what_is_wrong_with_a_page_is_noticed(cluster: Cluster, chromium: Chromium) -> None:
    place = place_of(cluster, "path", *SITE)
    with pytest.raises(AssertionError) as found, chromium.window(place) as window:
        window.open("applications/broken.html")
    wrong = "\n".join(window.wrong)
    for words in (
        f"404 for {cluster.url}/none.png",
        f"a request leaves {place.base}: {cluster.url}/none.png",
        f"a link leads out of {place.base}: http://localhost:1/",
        "undefined_word is not defined",
    ):
        assert words in wrong
    assert "example.org" not in wrong
    assert any("its picture is" in note for note in found.value.__notes__)
    with pytest.raises(AssertionError, match="mine"), chromium.window(place) as window:
        window.open("applications/broken.html")
        window.wrong.clear()
