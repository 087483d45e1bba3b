"""Every option alone and sensible pairs: what is executed, listed, served, refused.

The sentences are those of seed 000; names of options that are lost there are ours.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cluster.apache_site import SOURCE, Site
from cluster.testbed import CTL, Cluster
from sciportal.service.types.apache_options import OPTIONS

pytestmark = pytest.mark.apache

PHP = f'<?php echo "ran:php"; // {SOURCE}\n'
CGI = f'#!/bin/sh\n# {SOURCE}\nprintf "Content-Type: text/plain\\n\\nran:cgi\\n"\n'
PERL = f'#!/usr/bin/perl\n# {SOURCE}\nprint "Content-Type: text/plain\\n\\nran:perl\\n";\n'
SSI = (
    f'<!--#set var="x" value="{SOURCE}" -->ran:<!--#echo var="DOCUMENT_NAME" -->'
    '<!--#exec cmd="echo EXECUTED" -->\n'
)
SCRIPT_WITHOUT_MODE = CGI.replace("#!", "# !")

# Path, what is there, what becomes of it without any option.
TREE = [
    ("page.html", "static\n", "served"),
    ("talk.pl.html", "in Polish\n", "served"),
    *((f"x.{end}", PHP, "refused") for end in ("php", "php3", "php4", "php5", "php7", "PHP")),
    *((f"x.{end}", PHP, "refused") for end in ("pht", "phtml", "phps", "phar")),
    *((f"x.{end}", PHP, "refused") for end in ("php~", "php.bak", "phtml.old")),
    *((f"x.{end}", CGI, "refused") for end in ("cgi", "fcgi", "cgi~", "pl.orig")),
    ("plain.cgi", SCRIPT_WITHOUT_MODE, "refused"),
    ("x.pl", PERL, "refused"),
    ("plain.pl", PERL.replace("#!", "# !"), "refused"),
    ("x.shtml", SSI, "refused"),
    ("x.shtml~", SSI, "refused"),
    ("cgi-bin/x", CGI, "refused"),
    ("cgi-bin/x.cgi", CGI, "refused"),
    ("cgi-bin/x~", CGI, "refused"),
    ("cgi-bin/plain", SCRIPT_WITHOUT_MODE, "refused"),
    ("deep/er/cgi-bin/x", CGI, "refused"),
    ("open/a.txt", "a\n", "served"),
    ("rewritten/.htaccess", "RewriteEngine on\nRewriteRule ^old$ new.html\n", "refused"),
    ("rewritten/new.html", "static\n", "served"),
    ("index-html/index.html", "static\n", "served"),
    ("explicit-cgi/.htaccess", "Options +ExecCGI\nAddHandler cgi-script .run\n", "refused"),
    *((f"explicit-cgi/x.{end}", CGI, "refused") for end in ("cgi", "pl", "run")),
    (
        "explicit-ssi/.htaccess",
        "Options +IncludesNOEXEC\nAddOutputFilter INCLUDES .html .shtml\n",
        "refused",
    ),
    *((f"explicit-ssi/x.{end}", SSI, "refused") for end in ("shtml", "html")),
    ("full-ssi/.htaccess", "Options +Includes\n", "refused"),
    ("full-ssi/x.shtml", SSI, "refused"),
    *(
        (f"index-{end}/index.{end}", text, "refused")
        for end, text in (("php", PHP), ("cgi", CGI), ("pl", PERL), ("shtml", SSI))
    ),
]
DIRECTORIES = {
    "open/": "none",
    "index-html/": "served",
    "cgi-bin/": "refused",
    **{f"index-{end}/": "none" for end in ("php", "cgi", "pl", "shtml")},
    "none.html": "none",
    "rewritten/old": "served",
    "/server-status": "none",
}
STATIC = {path: verdict for path, _, verdict in TREE} | DIRECTORIES

RUNS_PHP = [path for path in STATIC if path.endswith((".php", ".PHP", ".pht", ".phtml"))]
EXPLICIT_CGI = {f"explicit-cgi/x.{end}": "runs" for end in ("cgi", "pl", "run")}
EXPLICIT_SSI = {f"explicit-ssi/x.{end}": "runs" for end in ("shtml", "html")} | {
    "full-ssi/x.shtml": "runs"
}

# The seed's sentence on each option, and what it changes.
SENTENCES = {
    "EnableAutoIndex": "enables automatic index generation for directories that are accessible but"
    " do not have an index.* file (autoindex disabled by default for security reasons)",
    "EnablePHP": "enables PHP support (everywhere by convention; concerns all files *.php,"
    " *.php[3457], *.pht, *.phtml, *.phps; automatically treats index.php as a directory index)",
    "EnableExplicitCGI": "enables CGI support (explicitly set via .htaccess; this is implied by any"
    " of the below Enable...CGI tags)",
    "EnableContainedCGI": "enables CGI support (executable files in subdirectory cgi-bin only;"
    " implies EnableExplicitCGI)",
    "EnableCGI": "enables CGI support (everywhere; concerns all executable files *.cgi; implies"
    " EnableExplicitCGI; automatically treats index.cgi as a directory index)",
    "EnablePerlCGI": "enables Perl support (everywhere; concerns all executable files *.pl; implies"
    " EnableExplicitCGI; automatically treats as a directory index)",
    "EnableExplicitSSI": "enables SSI support (explicitly set via .htaccess; this is implied by the"
    " below Enable...SSI tag)",
    "EnableSSI": "enables SSI support (everywhere; concerns all files *.shtml; implies"
    " EnableExplicitSSI; automatically treats index.shtml as a directory index)",
    "EnableStatus": "enables status module (URL path /server-status)",
    "DisableHTTPS": "disables the default assumption of 'https' as frontend scheme",
    "DebugRewriting": "sets rewrite log level to trace4",
    "PrefixParts": "pre-configured for the default ~USERNAME URLs, which cuts the USERNAME from the"
    " request URI",
}
EFFECTS: dict[str, dict[str, str]] = {
    "EnableAutoIndex": {
        "open/": "listed",
        **{f"index-{end}/": "refused" for end in ("php", "cgi", "pl", "shtml")},
    },
    "EnablePHP": {**dict.fromkeys(RUNS_PHP, "runs"), "x.phps": "shown", "index-php/": "runs"}
    | {f"x.php{digit}": "runs" for digit in "3457"},
    "EnableExplicitCGI": EXPLICIT_CGI,
    "EnableContainedCGI": {
        **EXPLICIT_CGI,
        **dict.fromkeys(("cgi-bin/x", "cgi-bin/x.cgi", "deep/er/cgi-bin/x"), "runs"),
    },
    "EnableCGI": {
        **EXPLICIT_CGI,
        **dict.fromkeys(("x.cgi", "cgi-bin/x.cgi", "index-cgi/index.cgi", "index-cgi/"), "runs"),
    },
    "EnablePerlCGI": {
        **EXPLICIT_CGI,
        **dict.fromkeys(("x.pl", "index-pl/index.pl", "index-pl/"), "runs"),
    },
    "EnableExplicitSSI": EXPLICIT_SSI,
    "EnableSSI": EXPLICIT_SSI
    | dict.fromkeys(("x.shtml", "index-shtml/index.shtml", "index-shtml/"), "runs"),
    "EnableStatus": {"/server-status": "status"},
    "DisableHTTPS": {},
    "DebugRewriting": {},
    "PrefixParts": {},
}
PAIRS = [
    ("EnableAutoIndex", "EnablePHP"),
    ("EnableAutoIndex", "EnableCGI"),
    ("EnableAutoIndex", "EnableSSI"),
    ("EnablePHP", "EnableExplicitCGI"),
    ("EnablePHP", "EnableContainedCGI"),
    ("EnableContainedCGI", "EnablePerlCGI"),
    ("EnableCGI", "EnablePerlCGI"),
    ("EnableCGI", "EnableSSI"),
    ("EnableExplicitCGI", "EnableExplicitSSI"),
    ("EnableStatus", "EnableAutoIndex"),
    tuple(name for name in EFFECTS if name != "PrefixParts"),
]
SETS = [(), *((name,) for name in EFFECTS), *PAIRS]


def said(options: tuple[str, ...]) -> str:
    """What the seed says of these options."""
    if not options:
        return "nothing: the default configuration only does static HTML"
    if len(options) > 2:
        return "all together"
    return " + ".join(f"{each}: {SENTENCES[each]}" for each in options)


def expected(options: tuple[str, ...]) -> dict[str, str]:
    """What is to become of each path; what some option runs is not refused for another's sake."""
    found = dict(STATIC)
    for option in options:
        for path, verdict in EFFECTS[option].items():
            if verdict != "refused" or found[path] == "none":
                found[path] = verdict
    return found


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[Site]:
    """bob's directory with one file of each kind."""
    made = Site(cluster, "bob", "matrix", {path: text for path, text, _ in TREE})
    yield made
    made.remove()


def test_the_table_is_whole() -> None:
    assert list(SENTENCES) == list(EFFECTS) == [each.name for each in OPTIONS]


@pytest.mark.parametrize("options", SETS, ids=said)
def test_what_becomes_of_each_file(site: Site, options: tuple[str, ...]) -> None:
    site.set_options(*(f"{each} 1" if each == "PrefixParts" else each for each in options))
    assert site.verdicts(STATIC) == expected(options)


def test_this_only_enables_includesnoexec_not_full_includes_all_of_that_via_htaccess(
    site: Site,
) -> None:
    site.set_options("EnableSSI")
    assert "EXECUTED" not in site.get("x.shtml").text
    assert "EXECUTED" not in site.get("explicit-ssi/x.shtml").text
    assert "EXECUTED" in site.get("full-ssi/x.shtml").text


def test_a_listing_does_not_name_what_is_refused(site: Site) -> None:
    site.set_options("EnableAutoIndex")
    assert "a.txt" in site.get("open/").text
    # The directory has no index of any kind.
    names = site.get("").text
    assert "page.html" in names
    assert not [
        path for path in ("x.php", "x.cgi", "x.pl", "x.shtml", ".htaccess") if path in names
    ]


def test_each_step_of_rewriting_is_logged_only_where_it_is_asked_for(
    cluster: Cluster, site: Site
) -> None:
    def steps() -> int:
        site.get("rewritten/old")
        log = cluster.run(CTL, ["cat", ".apache-service/log/error.log"], user="bob").out
        return log.count("rewrite:trace")

    site.set_options()
    before = steps()
    assert steps() == before
    site.set_options("DebugRewriting")
    assert steps() > before
