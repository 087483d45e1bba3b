"""No client speaks in the front end's name: what a service gets of headers that only it may set."""

from __future__ import annotations

import itertools
import random

import pytest
import yaml

from cluster.testbed import ROOT, Cluster
from cluster.visitor import Answer, ask, say

ROLE = yaml.safe_load((ROOT / "roles/frontend/vars/main.yml").read_text())
DROPPED: list[str] = ROLE["__frontend_dropped_headers"]
FAMILIES: list[str] = ROLE["__frontend_refused_families"]
# What applications are promised, so that the role's own lists cannot shrink unnoticed.
PROMISED = [
    *("Forwarded", "Proxy", "Remote-User", "X-Remote-User", "X-Identity-Source"),
    *(f"X-Forwarded-{name}" for name in ("For", "Host", "Server", "Proto", "Prefix", "User")),
    *(f"X-Shib-{name}" for name in ("Userid", "Email", "Name-First", "Name-Last")),
]
ORDINARY = [f"X-Ordinary-{number}: fine" for number in range(10)]


def spellings(name: str) -> list[str]:
    """Every way of writing a name that some application reads as this one, in three cases each."""
    words = name.split("-")
    found = []
    for marks in itertools.product("-_.", repeat=len(words) - 1):
        spelled = words[0] + "".join(
            mark + word for mark, word in zip(marks, words[1:], strict=True)
        )
        found += [spelled, spelled.upper(), spelled.lower()]
    return found


def strangers() -> list[str]:
    """Names of the families that no list has, written in many ways."""
    return [
        write(family.replace("-", mark) + mark + word)
        for family in FAMILIES
        for mark in ("-", "_", ".", "--", "~")
        for word in ("Unheard-Of", "Userid2")
        for write in (str, str.upper, str.lower)
    ]


def assert_own(answer: Answer, echo: str) -> None:
    """The request arrived, with the front end's word for everything and nothing of the client's."""
    assert answer.status == 200
    assert b"forged" not in answer.body
    assert answer.headers["x-forwarded-proto"] == "http"
    assert answer.headers["x-forwarded-prefix"] == echo
    assert answer.headers["x-forwarded-host"] == "pages.test"
    assert "," not in answer.headers["x-forwarded-for"]


def assert_refused(answer: Answer) -> None:
    assert answer.status == 400
    assert b"forged" not in answer.body


def test_what_is_promised_is_on_the_list() -> None:
    assert set(PROMISED) <= set(DROPPED)


@pytest.mark.parametrize("shape", ["once", "twice", "empty first", "empty last", "backwards"])
def test_the_headers_that_name_the_visitor_are_the_front_ends_own(
    cluster: Cluster, echo: str, shape: str
) -> None:
    names = [spelled for name in DROPPED for spelled in spellings(name)]
    if shape == "backwards":
        names.reverse()
    # Apache takes no more than 100 in one request (LimitRequestFields).
    for start in range(0, len(names), 45):
        forged = [f"{name}: forged" for name in names[start : start + 45]]
        empty = [f"{name}:" for name in names[start : start + 45]]
        headers = {
            "twice": forged + forged,
            "empty first": empty + forged,
            "empty last": forged + empty,
        }.get(shape, forged)
        answer = ask(cluster, f"{echo}/", "Cookie: mine=1", *headers)
        assert_own(answer, echo)
        assert answer.headers["cookie"] == "mine=1"


@pytest.mark.parametrize("name", strangers())
def test_other_headers_of_these_families_are_refused(
    cluster: Cluster, echo: str, name: str
) -> None:
    forged = f"{name}: forged"
    for headers in (
        [forged],
        [forged, forged],
        [f"{name}-Empty:", forged],
        [forged, *ORDINARY, "X-Shib-Userid:"],
    ):
        assert_refused(ask(cluster, f"{echo}/", *headers))


def test_no_mixture_gets_through(cluster: Cluster, echo: str) -> None:
    """Any order and number, with empty ones among them.

    Of the names that no list has, the last is not empty: Apache looks at that one alone.
    """
    dice = random.Random(1)  # noqa: S311 - the same mixtures in each run
    listed = [spelled for name in DROPPED for spelled in spellings(name)]
    others = strangers()
    for _ in range(250):
        count = dice.randint(0, 3)
        mixture = [
            *(f"{name}: {dice.choice(['forged', ''])}" for name in dice.choices(listed, k=8)),
            *(f"{name}: {dice.choice(['forged', ''])}" for name in dice.choices(others, k=count)),
            *dice.sample(ORDINARY, 3),
        ]
        dice.shuffle(mixture)
        if count:
            mixture.insert(dice.randint(len(mixture) - 1, len(mixture)), f"{others[0]}-Z: forged")
            mixture.append(f"{dice.choice(others)}-Last: forged")
            assert_refused(ask(cluster, f"{echo}/", *mixture))
        else:
            assert_own(ask(cluster, f"{echo}/", *mixture), echo)


@pytest.mark.parametrize(
    "header",
    [
        "X-Shib-Userid : forged",
        "X-Shib-Userid\t: forged",
        "X Shib Userid: forged",
        "X-Shib\0-Userid: forged",
        "X-Shib-Userid\x0b: forged",
        "X\xadShib-Userid: forged",
        ": forged",
        "X-Shib-Userid",
    ],
)
def test_a_name_that_is_none_is_refused(cluster: Cluster, echo: str, header: str) -> None:
    request = f"GET {echo}/ HTTP/1.1\r\nHost: pages.test\r\nConnection: close\r\n{header}\r\n\r\n"
    assert_refused(say(cluster, request))


def test_what_comes_by_a_continued_line_or_after_the_body_is_no_header(
    cluster: Cluster, echo: str
) -> None:
    folded = ask(cluster, f"{echo}/", "X-Ordinary: a", "\tX-Shib-Userid: mine", "Accept: b")
    assert folded.headers["x-ordinary"] == "a X-Shib-Userid: mine"
    assert "x-shib-userid" not in folded.headers
    trailer = ask(
        cluster,
        f"{echo}/",
        "Transfer-Encoding: chunked",
        "TE: trailers",
        "Trailer: X-Shib-Userid",
        method="POST",
        body="2\r\nab\r\n0\r\nX-Shib-Userid: forged\r\nX-Shib-Other: forged\r\n\r\n",
    )
    assert_own(trailer, echo)


def test_an_old_client_and_a_websocket_forge_no_more_than_others(
    cluster: Cluster, echo: str
) -> None:
    forged = "X-Forwarded-Host: forged\r\nX_Shib_Userid: forged\r\n"
    old = say(cluster, f"GET {echo}/ HTTP/1.0\r\nHost: pages.test\r\n{forged}\r\n")
    assert_own(old, echo)
    socket = ("Upgrade: websocket", "Connection: Upgrade", "X-Remote-Unheard: forged")
    assert_refused(ask(cluster, f"{echo}/ws", *socket))


def test_a_client_cannot_take_the_front_ends_headers_away(cluster: Cluster, echo: str) -> None:
    names = "x-forwarded-for, X-Forwarded-Prefix, X-Forwarded-Proto, x-forwarded-host"
    answer = ask(cluster, f"{echo}/", f"Connection: {names}")
    assert answer.headers["x-forwarded-prefix"] == echo
    assert answer.headers["x-forwarded-proto"] == "http"
    assert "x-forwarded-for" in answer.headers
