"""No visitor says who they are, however spelled: on both doors, to both kinds of applications."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from identity.authority import PORTAL
from identity.site import CERTIFICATES, ROOT, Answer, Site, Visitor
from identity.test_tokens import make

CONTRACT = [
    "X-Shib-Userid",
    "X-Shib-Email",
    "X-Shib-Name-First",
    "X-Shib-Name-Last",
    "X-Identity-Source",
]
# Apache takes no more than 100 headers in one request.
BATCH = 80


def variants() -> list[str]:
    """Every mixture of marks between the words of the promised names, in several cases each."""
    found = []
    for name in CONTRACT:
        words = name.split("-")
        for marks in itertools.product("-_.", repeat=len(words) - 1):
            spelled = words[0] + "".join(m + w for m, w in zip(marks, words[1:], strict=True))
            found += [spelled, spelled.upper(), spelled.lower(), spelled.swapcase()]
    return found


def strangers() -> list[str]:
    """Names that no list can have, which some application may read as promised ones."""
    found = []
    for name in [*CONTRACT, "Remote-User", "X-Remote-User", "Shib-Session-Id", "X-Shib-Admin"]:
        for mark in (
            "--",
            "__",
            "-_",
            "~",
            "!",
            "|",
            "^",
            "*",
            "+",
            "'",
            "`",
            "$",
            "%",
            "&",
            "#",
            "._",
        ):
            found += [name.replace("-", mark), name.replace("-", mark).upper()]
    return found


class Door:
    """One of the doors, with somebody on it who is known as jdoe, or nobody; or with a token."""

    def __init__(
        self, site: Site, name: str, visitor: Visitor, pair: tuple[Path, Path] | None
    ) -> None:
        self.site, self.name, self.pair = site, name, pair
        self.port = CERTIFICATES if pair else 443
        jar = visitor.cookies.get(PORTAL, {}) if name == "shibboleth" else {}
        self.own = [
            f"Cookie: {key}={jar[key]}" for key in jar if key.startswith("__Host-_shibsession")
        ]
        if name == "token":
            self.own = [make(visitor)]
        self.known = "jdoe" if name != "nobody" else None

    def send(self, path: str, *headers: str) -> Answer:
        """A request with exactly these headers."""
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {PORTAL}:{self.port}",
            "Connection: close",
            *self.own,
            *headers,
        ]
        return self.site.say("\r\n".join([*lines, "", ""]).encode("latin-1"), self.port, self.pair)

    def assert_own(self, answer: Answer) -> None:
        """The application was told what the door knows, and nothing else."""
        assert answer.status == 200, answer
        assert "forged" not in answer.text
        assert answer.identity.get("x-shib-userid") == self.known
        assert set(answer.identity) <= {name.lower() for name in CONTRACT}
        assert "" not in answer.identity.values()


# Each door with an application of each kind; last, the first door for those who are not signed in.
PLACES = [
    ("shibboleth", "/plain"),
    ("shibboleth", "/app"),
    ("certificate", "/plain"),
    ("certificate", "/app"),
    ("nobody", "/open"),
    ("token", "/plain"),
    ("token", "/app"),
]


@pytest.fixture(params=PLACES, ids=lambda place: "".join(place))
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A door and the path of an application."""
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def path(place: tuple[str, str]) -> str:
    """The path of the application."""
    return place[1]


@pytest.fixture
def door(place: tuple[str, str], site: Site, signed_in: Visitor, jane: tuple[Path, Path]) -> Door:
    """The door, with a visitor."""
    return Door(site, place[0], signed_in, jane if place[0] == "certificate" else None)


def batches(names: list[str]) -> Iterator[list[str]]:
    """Names in as many requests as they need."""
    for start in range(0, len(names), BATCH):
        yield names[start : start + BATCH]


@pytest.mark.parametrize("shape", ["once", "twice", "empty first", "empty last"])
def test_what_a_visitor_says_under_promised_names_is_dropped(
    door: Door, path: str, shape: str
) -> None:
    names = variants()
    assert len(names) >= 200
    for some in batches(names if shape == "once" else names[::2]):
        forged, empty = [f"{name}: forged" for name in some], [f"{name}:" for name in some]
        half = BATCH // 2
        sent = {
            "once": forged,
            "twice": [*forged[:half], *forged[:half]],
            "empty first": [*empty[:half], *forged[:half]],
            "empty last": [*forged[:half], *empty[:half]],
        }[shape]
        door.assert_own(door.send(path, *sent))


def test_other_names_of_these_families_are_refused(door: Door, path: str) -> None:
    for name in strangers():
        # The second hides the first from Apache's own directives.
        for sent in (
            [f"{name}: forged"],
            [f"{name}: forged", "X-Shib-Zz:", "X-Remote-Zz:", "Shib-Zz:"],
        ):
            answer = door.send(path, *sent)
            assert answer.status == 400, (sent, answer)
            assert "forged" not in answer.text


def test_no_mixture_gets_through(door: Door, path: str) -> None:
    dice = random.Random(2)  # noqa: S311 - the same mixtures in each run
    ours, others = variants(), strangers()
    for _ in range(60):
        bad = dice.randint(0, 2)
        sent = [f"{name}: {dice.choice(['forged', ''])}" for name in dice.choices(ours, k=20)]
        sent += [f"{name}: {dice.choice(['forged', ''])}" for name in dice.choices(others, k=bad)]
        dice.shuffle(sent)
        answer = door.send(path, *sent)
        if bad:
            assert answer.status == 400, sent
        else:
            door.assert_own(answer)


@pytest.mark.parametrize(
    "header",
    [
        "X-Shib-Userid : forged",
        "X Shib Userid: forged",
        "X-Shib\0-Userid: forged",
        "X\xadShib-Userid: forged",
        ": forged",
    ],
)
def test_what_is_no_header_is_refused(door: Door, path: str, header: str) -> None:
    assert door.send(path, header).status == 400


def test_what_comes_after_the_body_or_in_a_continued_line_is_no_header(
    door: Door, path: str
) -> None:
    answer = door.send(path, "X-Ordinary: a", "\tX-Shib-Userid: mine", "Accept: b")
    assert answer.identity.get("x-shib-userid") == door.known


def test_a_visitor_cannot_take_the_doors_headers_away(door: Door, path: str) -> None:
    names = ", ".join(name.lower() for name in CONTRACT)
    answer = door.send(path, f"Connection: {names}")
    door.assert_own(answer)


def test_the_doors_refuse_the_families_that_the_front_end_refuses() -> None:
    of = [
        yaml.safe_load((ROOT / f"roles/{role}/vars/main.yml").read_text())
        for role in ("frontend", "identity")
    ]
    assert of[0]["__frontend_refused_families"] == of[1]["__identity_refused_families"]
    assert set(CONTRACT) <= set(of[0]["__frontend_dropped_headers"])
