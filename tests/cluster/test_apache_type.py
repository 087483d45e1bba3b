"""An account's private Apache, asked directly as the front end asks it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cluster.testbed import CTL, WEB, Cluster
from golden.render import all_cases

pytestmark = pytest.mark.apache

PAGES = {
    "index.html": "<h1>bob</h1>\n",
    "empty/.keep": "",
    "code.php": "<?php secret ?>",
    "CODE.PHP": "<?php secret ?>",
    "code.php.bak": "<?php secret ?>",
    "code.php~": "<?php secret ?>",
    "code.phtml": "secret",
    "code.cgi": "secret",
    "code.pl": "secret",
    "code.shtml": "secret",
    "cgi-bin/tool": "secret",
    ".htaccess": "Options +Indexes\n"
    "RewriteEngine on\n"
    "RewriteBase /~bob/probe/\n"
    "RewriteRule ^old$ index.html [R=302]\n"
    "RewriteRule ^inner$ talk.pl.html\n",
    "talk.pl.html": "polish\n",
}


@pytest.fixture(scope="module")
def instance(cluster: Cluster) -> Iterator[str]:
    """The address of bob's instance, which serves PAGES below /~bob/probe/."""
    for path, text in PAGES.items():
        cluster.write("bob", f"public_html/probe/{path}", text)
    link = ["ln", "-sf", "/etc/passwd", "public_html/probe/link.txt"]
    cluster.run(CTL, link, user="bob")
    cluster.service("bob", "deploy", "--wait", "apache")
    yield address(cluster)
    cluster.service("bob", "purge", "--yes", "--no-archive", "apache")
    cluster.run(CTL, ["rm", "-r", "public_html/probe"], user="bob")


def address(cluster: Cluster) -> str:
    """Where bob's instance is now: each job may have another node."""
    (told,) = cluster.service("bob", "status", "--json", "apache").json()["results"]
    return f"http://{told['node']}:{told['endpoint']['port']}"


def ask(cluster: Cluster, url: str, *words: str) -> list[str]:
    """Status and redirect target of an answer to a browser that asked for site.example:8080."""
    form = "%{http_code} %{redirect_url}"
    argv = ["curl", "-s", "-o", "/dev/null", "-w", form, "--path-as-is"]
    return cluster.run(WEB, [*argv, "-H", "Host: site.example:8080", *words, url]).out.split()


@pytest.mark.parametrize(
    "path",
    [
        *(path for path in PAGES if "code" in path.lower()),
        "code.php/more",
        "cgi-bin/tool",
        "cgi-bin/",
        ".htaccess",
        "link.txt",
    ],
)
def test_sources_and_what_is_not_the_accounts_are_refused(
    cluster: Cluster, instance: str, path: str
) -> None:
    assert ask(cluster, f"{instance}/~bob/probe/{path}") == ["403"]


def test_pages_are_served_and_directories_are_not_listed(cluster: Cluster, instance: str) -> None:
    assert ask(cluster, f"{instance}/~bob/probe/") == ["200"]
    assert ask(cluster, f"{instance}/~bob/probe/talk.pl.html") == ["200"]
    assert ask(cluster, f"{instance}/~bob/probe/empty/")[0] in ("403", "404")
    assert ask(cluster, f"{instance}/~bob/probe/none.html") == ["404"]


def test_nothing_is_served_beside_the_accounts_prefix(cluster: Cluster, instance: str) -> None:
    for path in ("/", "/probe/", "/~alice/", "/~bobby/", "/~bob/../~alice/", "/etc/passwd"):
        assert ask(cluster, instance + path)[0] in ("400", "404"), path
    assert ask(cluster, f"{instance}/~bob/", "-X", "TRACE") == ["405"]


def test_redirects_name_the_public_url(cluster: Cluster, instance: str) -> None:
    public = "http://site.example:8080/~bob/probe"

    assert ask(cluster, f"{instance}/~bob/probe") == ["301", f"{public}/"]
    assert ask(cluster, f"{instance}/~bob/probe/empty") == ["301", f"{public}/empty/"]
    assert ask(cluster, f"{instance}/~bob/probe/inner") == ["200"]
    assert ask(cluster, f"{instance}/~bob/probe/old") == ["302", f"{public}/index.html"]


# An instance beside bob's own, in a home of its own; prints what it logged.
ASK_BESIDE = """
export HOME=$HOME/beside PORT=8191 SCIPORTAL_RUN=$HOME/beside/run
/usr/sbin/apache2 -f $HOME/apache2.conf
for from in 127.0.0.1 127.0.0.2; do
    curl -s -o /dev/null --retry 5 --retry-connrefused --interface $from \\
        -H 'X-Forwarded-For: 10.1.2.3' http://127.0.0.1:$PORT/~bob/
done
/usr/sbin/apache2 -f $HOME/apache2.conf -k stop
cat $HOME/.apache-service/log/access.log
"""


def test_the_log_names_the_visitor_on_the_word_of_the_front_end_alone(cluster: Cluster) -> None:
    case = next(each for each in all_cases() if each.name == "account.conf-http")
    believed = {**case.variables, "sbatch_service_front_ends": ["127.0.0.1"]}
    cluster.write("bob", "beside/apache2.conf", case._replace(variables=believed).text())
    for path in ("public_html", ".apache-service/log", "run"):
        cluster.write("bob", f"beside/{path}/.keep", "")
    try:
        log = cluster.run(CTL, ["sh", "-c", ASK_BESIDE], user="bob").out
    finally:
        cluster.run(CTL, ["rm", "-r", "beside"], user="bob")
    assert [line.split()[0] for line in log.splitlines()] == ["10.1.2.3", "127.0.0.2"]


OPTIONS = ".apache-service/options.conf"


def options(cluster: Cluster) -> str:
    """bob's options.conf."""
    return cluster.run(CTL, ["cat", OPTIONS], user="bob").out


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("Define EnablePHP\nNonsense\n", 2, "Invalid command 'Nonsense'"),
        ("<IfDefine X>\n", 1, "Expected </IfDefine> before end of configuration"),
        ("Define PrefixParts two\n", 0, "give a number from 0 to 4"),
    ],
)
@pytest.mark.parametrize("action", ["reload", "restart", "deploy", "start"])
def test_a_mistake_in_options_conf_is_shown_with_its_line_and_what_runs_goes_on(
    cluster: Cluster, instance: str, action: str, text: str, line: int, says: str
) -> None:
    before = cluster.service("bob", "status", "--json", "apache").json()["results"][0]
    whole = options(cluster)
    cluster.write("bob", OPTIONS, text)
    try:
        ended = cluster.service("bob", action, "apache", check=False)
        # What runs need not be started.
        assert ended.code == (0 if action == "start" else 1)
        if ended.code:
            assert says in ended.err
            assert not line or f"line {line} of /home/bob/{OPTIONS}" in ended.err
        after = cluster.service("bob", "status", "--json", "apache").json()["results"][0]
        assert (after["state"], after["job_id"]) == ("running", before["job_id"])
        assert ask(cluster, f"{instance}/~bob/probe/") == ["200"]
    finally:
        cluster.write("bob", OPTIONS, whole)


def test_a_mistake_in_options_conf_does_not_keep_the_service_from_being_stopped(
    cluster: Cluster, instance: str
) -> None:
    whole = options(cluster)
    cluster.write("bob", OPTIONS, "Nonsense\n")
    try:
        assert cluster.service("bob", "stop", "apache").code == 0
        ended = cluster.service("bob", "start", "apache", check=False)
        assert ended.code == 1
        assert f"line 1 of /home/bob/{OPTIONS}" in ended.err
        assert cluster.jobs("bob", "apache") == []
    finally:
        cluster.write("bob", OPTIONS, whole)
        cluster.service("bob", "start", "--wait", "apache")


def test_an_edited_options_conf_is_kept_and_an_old_one_renewed(
    cluster: Cluster, instance: str
) -> None:
    ours = options(cluster)
    assert "#Define EnablePHP\n" in ours
    record = cluster.run(CTL, ["cat", ".apache-service/.written"], user="bob").out
    try:
        # As if an earlier version had written another text.
        old = "# Options\n"
        cluster.write("bob", OPTIONS, old)
        summed = cluster.run(CTL, ["sha256sum", OPTIONS], user="bob").out.split()[0]
        lines = [each for each in record.splitlines() if not each.endswith("options.conf")]
        earlier = "\n".join([*lines, f"{summed}  options.conf", ""])
        cluster.write("bob", ".apache-service/.written", earlier)
        cluster.service("bob", "deploy", "--wait", "apache")
        assert options(cluster) == ours

        cluster.write("bob", ".apache-service/.written", earlier)
        cluster.write("bob", OPTIONS, "Define EnableCGI\n")
        ended = cluster.service("bob", "deploy", "--wait", "apache")
        assert options(cluster) == "Define EnableCGI\n"
        assert "options.conf is not as init wrote it, and is kept" in ended.err
        ended = cluster.service("bob", "deploy", "--wait", "apache")
        assert "is kept" not in ended.err
    finally:
        cluster.write("bob", OPTIONS, ours)
        cluster.service("bob", "deploy", "--wait", "apache")


def test_an_interpreter_that_is_missing_is_named_with_its_package(
    cluster: Cluster, instance: str
) -> None:
    whole = options(cluster)
    cluster.write("bob", OPTIONS, "Define EnablePHP\n")
    try:
        cluster.run(CTL, ["mv", "/usr/bin/php-cgi", "/usr/bin/php-cgi.away"])
        ended = cluster.service("bob", "reload", "apache", check=False)
        assert ended.code == 1
        assert "php-cgi is not on this host: ask the operators for the package php-cgi" in ended.err
    finally:
        cluster.run(CTL, ["mv", "/usr/bin/php-cgi.away", "/usr/bin/php-cgi"])
        cluster.write("bob", OPTIONS, whole)
    assert ask(cluster, f"{address(cluster)}/~bob/probe/") == ["200"]
