"""Tokens of programs: how people make them, what they are good for, what operators see."""

from __future__ import annotations

import hashlib
import io
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.identity import accounts, cli, tokens
from sciportal.service.errors import ServiceError
from unit.identity.standin import HOST, PASSED, Apache, Came
from unit.identity.test_accounts import AUTHORITY, HOME, MAP
from unit.identity.test_gather import settings

DAY = 86400


def page(
    apache: Apache, method: str = "GET", issuer: str = HOME, user: str = "bob", **form: str
) -> Came:
    """What comes of the page of tokens for somebody who is signed in."""
    return apache.call(
        "tokens",
        r={"method": method},
        headers_in={"X-Shib-Userid": user, "X-Shib-Email": f"{user}@site.org"},
        subprocess_env={"Shib-Identity-Provider": issuer},
        form=form,
    )


def make(apache: Apache, issuer: str = HOME, user: str = "bob", **form: str) -> str:
    """A new token."""
    came = page(apache, "POST", issuer, user, **{"label": "nightly", "days": "30", **form})
    found = re.search(r'<code id="token">(sciportal_[0-9a-f]{64})</code>', came.answer["text"])
    assert found, came
    return found[1]


def visit(apache: Apache, token: str, access: str = "owner", **headers: str) -> Came:
    """A request for a service of bob with a token."""
    return apache.visit("/", access, HOST, Authorization=f"Bearer {token}", **headers)


def age(apache: Apache, **facts: int) -> None:
    """Change what is kept of the only token."""
    (file,) = (apache.place / "tokens").iterdir()
    text = file.read_text()
    for key, value in facts.items():
        text = re.sub(rf"{key}=\d+", f"{key}={value}", text)
    file.write_text(text)


def test_a_token_is_its_maker_to_services(apache: Apache) -> None:
    came = visit(apache, make(apache))
    assert came.returned == PASSED
    assert came.env["SCIPORTAL_SOURCE"] == "token"
    assert (came.env["SCIPORTAL_user"], came.env["SCIPORTAL_email"]) == ("bob", "bob@site.org")
    assert "Set-Cookie" not in came.sent


def test_only_its_sum_is_kept(apache: Apache) -> None:
    secret = make(apache).removeprefix(tokens.PREFIX)
    (file,) = (apache.place / "tokens").iterdir()
    assert secret not in file.read_text()
    assert secret[18:] not in f"{file.name} {file.read_text()}"
    assert hashlib.sha256(secret.encode()).hexdigest() in file.read_text()


def test_somebody_elses_token_opens_no_service_of_an_owner(apache: Apache) -> None:
    token = make(apache, user="alice")
    refused = visit(apache, token)
    assert (refused.returned, refused.page) == ("403", "not-yours")
    assert "SCIPORTAL_SOURCE" not in refused.env
    assert visit(apache, token, "users").env["SCIPORTAL_user"] == "alice"


@pytest.mark.parametrize("access", ["users", "owner"])
def test_a_token_that_is_not_good_is_refused_whatever_comes_beside_it(
    apache: Apache, access: str
) -> None:
    good, cookie = make(apache), apache.sign_in()
    bad = ["sciportal_", f"sciportal_{'0' * 64}", good[:-1], f"{good}0", good.upper()]
    bad += [good[:-1] + ("0" if good[-1] != "0" else "1"), f"sciportal_../../{good[10:]}"]
    shapes = [f"Bearer {each}" for each in bad]
    shapes += [f"Token {good}", good, f"Basic {good}", f"Bearer {good}, Bearer {good}"]
    for said in shapes:
        came = apache.visit("/", access, HOST, Authorization=said, Cookie=cookie)
        assert (came.returned, came.page) == ("401", "token-refused"), said
        assert came.sent["WWW-Authenticate"].startswith('Bearer realm="portal.example.org"')
        assert "is none of this site, or was revoked" in came.sent["WWW-Authenticate"]
        assert "SCIPORTAL_SOURCE" not in came.env
    assert visit(apache, good, access).returned == PASSED


def test_an_authorization_of_the_services_own_is_left_to_it(apache: Apache) -> None:
    assert apache.visit("/", Authorization="Bearer abc").returned == "302"
    came = apache.visit("/", Authorization="Bearer abc", Cookie=apache.sign_in())
    assert (came.returned, came.headers["Authorization"]) == (PASSED, "Bearer abc")


@pytest.mark.parametrize("facts", [{"till": -1}, {"made": -90 * DAY}])
def test_an_old_token_is_none(apache: Apache, facts: dict[str, int]) -> None:
    token = make(apache)
    age(apache, **{key: int(time.time()) + value for key, value in facts.items()})
    came = visit(apache, token)
    assert came.returned == "401"
    assert "it has expired" in came.sent["WWW-Authenticate"]


def test_a_revoked_token_is_none(apache: Apache) -> None:
    tokens_of_bob = [make(apache, label=label) for label in ("first", "second")]
    listed = page(apache).answer["text"]
    sums = dict(re.findall(r"<tr><td>(\w+)</td>.*?value=\"([0-9a-f]{64})\"", listed))
    page(apache, "POST", revoke=sums["first"])
    assert [visit(apache, each).returned for each in tokens_of_bob] == ["401", PASSED]
    assert "first" not in page(apache).answer["text"]


@pytest.mark.parametrize("word", ["", "x", "../accounts.map", "0" * 64])
def test_nobody_revokes_what_is_not_theirs(apache: Apache, word: str) -> None:
    token = make(apache)
    number = hashlib.sha256(token.removeprefix("sciportal_").encode()).hexdigest()
    page(apache, "POST", user="alice", revoke=number)
    page(apache, "POST", revoke=word)
    assert visit(apache, token).returned == PASSED


def test_who_is_removed_from_the_map_has_no_tokens(tmp_path: Path) -> None:
    before = Apache(tmp_path / "state", MAP)
    token = make(before)
    before.end()
    place = tmp_path / "state"
    for entries in ([], [accounts.Entry(HOME, "", {"bob": "robert"})]):
        (place / "accounts.map").write_text(accounts.text(entries))
        after = Apache(tmp_path / "other", entries)
        for file in (place / "tokens").iterdir():
            (after.place / "tokens" / file.name).write_text(file.read_text())
        came = visit(after, token, "users")
        after.end()
        assert came.returned == "401"
        assert "not known here any more" in came.sent["WWW-Authenticate"]
        for path in sorted((tmp_path / "other").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        (tmp_path / "other").rmdir()


def test_both_doors_are_the_same_account(apache: Apache) -> None:
    account = accounts.account(MAP, accounts.Identity(AUTHORITY, "jdoe"))
    assert account == "jane"
    token = make(apache, AUTHORITY, "jdoe")
    assert "nightly" in page(apache, user="jane").answer["text"]
    assert visit(apache, token, "users").env["SCIPORTAL_user"] == "jdoe"


def test_who_has_no_account_makes_no_tokens(apache: Apache) -> None:
    for method in ("GET", "POST"):
        came = page(apache, method, issuer="https://evil.org", label="x", days="1")
        assert (came.returned, came.page) == ("403", "no-account")
    assert not list((apache.place / "tokens").iterdir())


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"label": ""}, "what the token is for"),
        ({"label": " \n "}, "what the token is for"),
        ({"label": "x" * 65}, "what the token is for"),
        ({"days": ""}, "1 to 90 days"),
        ({"days": "0"}, "1 to 90 days"),
        ({"days": "91"}, "1 to 90 days"),
        ({"days": "-1"}, "1 to 90 days"),
        ({"days": "1e3"}, "1 to 90 days"),
    ],
)
def test_what_is_asked_wrongly_makes_nothing(
    apache: Apache, form: dict[str, str], said: str
) -> None:
    came = page(apache, "POST", **{"label": "x", "days": "1", **form})
    assert came.answer["status"] == "400"
    assert said in came.answer["text"]
    assert not list((apache.place / "tokens").iterdir())


def test_a_label_is_text_and_nothing_else(apache: Apache) -> None:
    hostile = "<script>alert(1)</script>@TOKEN@\r\ntill=9999999999"
    token = make(apache, label=hostile)
    text = page(apache).answer["text"]
    assert "<script>" not in text
    assert "&#60;script&#62;alert(1)&#60;/script&#62;@TOKEN@" in text
    age(apache, till=1)
    assert visit(apache, token).returned == "401"


def test_the_page_is_kept_and_framed_by_nobody(apache: Apache) -> None:
    came = page(apache)
    assert came.sent["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in came.sent["Content-Security-Policy"]
    assert page(apache, "PUT").returned == "405"


def test_an_account_has_so_many_tokens_and_no_more(apache: Apache) -> None:
    for _ in range(20):
        make(apache)
    came = page(apache, "POST", label="x", days="1")
    assert came.answer["status"] == "409"
    assert len(list((apache.place / "tokens").iterdir())) == 20
    make(apache, user="alice")


def test_thousands_of_tickets_and_sessions_are_a_few_files(apache: Apache) -> None:
    begun = apache.visit("/")
    for _ in range(100):
        back = apache.door(begun)
    assert len(list((apache.place / "tickets").iterdir())) == 32
    # The last one still is good, as are those of others.
    enter = back.sent["Location"].partition(HOST)[2].partition("/")[2]
    cookie = begun.sent["Set-Cookie"].partition(";")[0]
    assert apache.visit(f"/{enter}", Cookie=cookie).returned == "302"
    for _ in range(300):
        mine = apache.sign_in()
    assert len(list((apache.place / "sessions").iterdir())) == 256
    assert apache.visit("/", Cookie=mine).returned == PASSED


def at_door(apache: Apache, path: str, **headers: str) -> Came:
    """A request at one of the doors' own paths."""
    return apache.call("recognise", r={"uri": path}, headers_in=headers)


def test_nothing_of_the_connections_certificate_is_left_beside_a_token(apache: Apache) -> None:
    env = {"SCIPORTAL_user": "alice", "SCIPORTAL_last": "A", "SCIPORTAL_DN": "CN=alice"}
    env |= {"SCIPORTAL_issuer": AUTHORITY, "SCIPORTAL_DOOR": "certificate"}
    said = {"Authorization": f"Bearer {make(apache)}"}
    came = apache.call("recognise", r={"uri": "/x"}, headers_in=said, subprocess_env=env)
    assert (came.env["SCIPORTAL_user"], came.env["SCIPORTAL_issuer"]) == ("bob", HOME)
    assert "SCIPORTAL_DN" not in came.env
    assert not came.env.get("SCIPORTAL_last")


def test_at_the_doors_a_token_replaces_the_session(apache: Apache) -> None:
    said = {"Authorization": f"Bearer {make(apache)}", "Cookie": "a=1; _shibsession_x=y; b=2"}
    came = at_door(apache, "/portal", **said)
    assert came.returned == PASSED
    assert (came.env["SCIPORTAL_SOURCE"], came.env["SCIPORTAL_user"]) == ("token", "bob")
    assert came.headers["Cookie"] == "a=1; b=2"
    plain = at_door(apache, "/portal", Cookie="_shibsession_x=y", Authorization="Basic eDp5")
    assert plain.returned == PASSED
    assert plain.headers["Cookie"] == "_shibsession_x=y"
    assert "SCIPORTAL_SOURCE" not in plain.env


@pytest.mark.parametrize(
    "path", ["/.sciportal/enter", "/.sciportal/tokens", "/Shibboleth.sso/Login", "/.sciportal"]
)
def test_a_token_signs_nobody_in_and_makes_no_others(apache: Apache, path: str) -> None:
    came = at_door(apache, path, Authorization=f"Bearer {make(apache)}")
    assert (came.returned, came.page) == ("401", "token-refused")
    assert "SCIPORTAL_SOURCE" not in came.env


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"Upgrade": "websocket"}, False),
        ({"Upgrade": "websocket", "Origin": "https://evil.org"}, True),
        ({"Origin": "https://evil.org"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({}, False),
    ],
)
def test_programs_have_no_origin_and_browsers_do(
    apache: Apache, headers: dict[str, str], refused: bool
) -> None:
    sent = {"Host": HOST, "Authorization": f"Bearer {make(apache)}", **headers}
    env = {"SCIPORTAL_ACCESS": "owner", "SCIPORTAL_GATE": "on"}
    request = {"method": "GET", "uri": "/"}
    came = apache.call("refuse_strangers", r=request, headers_in=sent, subprocess_env=env)
    assert came.returned == ("403" if refused else PASSED)
    # Another word in that header changes nothing for a handshake.
    sent["Authorization"] = "Basic eDp5"
    came = apache.call("refuse_strangers", r=request, headers_in=sent, subprocess_env=env)
    assert came.returned == ("403" if refused or "Upgrade" in headers else PASSED)


@given(st.binary(max_size=200))
def test_the_sum_is_sha_256s(lasting: Apache, text: bytes) -> None:
    found = lasting.call("sha256", r={"text": text.decode("latin-1")})
    assert found.returned == hashlib.sha256(text.decode("latin-1").encode()).hexdigest()


# What operators do.


def test_operators_see_and_revoke_the_tokens_of_an_account(
    apache: Apache, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, other = make(apache, label="Caf\u00e9 \u202e x"), make(apache, user="alice")
    (apache.place / "tokens" / "nonsense").write_text("sum=x\n")
    (apache.place / "tokens" / ("0" * 18)).write_text("sum=x\n")
    where = ["--settings", settings(tmp_path, tokens=str(apache.place / "tokens"))]
    assert cli.main(["tokens", *where]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["alice", "bob"]
    assert lines[1].endswith(f"bob  {HOME}  Caf\u00e9 ? x")
    assert cli.main(["tokens", "--account", "carol", *where]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["revoke", "--account", "bob", *where]) == 0
    assert capsys.readouterr().out.startswith("revoked: bob  ")
    assert [visit(apache, each, "users").returned for each in (mine, other)] == ["401", PASSED]


def test_operators_revoke_a_token_that_somebody_found(
    apache: Apache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, other = make(apache), make(apache)
    where = ["--settings", settings(tmp_path, tokens=str(apache.place / "tokens"))]
    # Once more, it is nobody's.
    for _ in range(2):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{found}\n"))
        assert cli.main(["revoke", "--token", *where]) == 0
    assert [visit(apache, each).returned for each in (found, other)] == ["401", PASSED]
    monkeypatch.setattr("sys.stdin", io.StringIO("sciportal_x"))
    assert cli.main(["revoke", "--token", *where]) == 2


def test_an_expired_token_is_not_listed(apache: Apache) -> None:
    make(apache)
    assert tokens.tokens(apache.place / "tokens", int(time.time()) + 31 * DAY) == []


def test_without_the_role_there_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="run the role identity"):
        tokens.become_owner(tmp_path / "nothing")


def test_tokens_begin_the_same_everywhere() -> None:
    roles = Path(__file__).parents[3] / "roles"
    for role in ("identity", "frontend"):
        text = (roles / role / "vars/main.yml").read_text()
        assert f"__{role}_token_prefix: {tokens.PREFIX}\n" in text
