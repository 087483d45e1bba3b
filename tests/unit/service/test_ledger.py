"""What is remembered of a service."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service.errors import ServiceError
from sciportal.service.home import Home
from sciportal.service.layout import Layout
from sciportal.service.ledger import Ledger

LAYOUT = Layout("web")
EMPTY = vars(Ledger())

json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(), inner)),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / ".sbatch-service/.state").mkdir(parents=True)
    return home


@pytest.fixture
def write(place):
    def write(text: str | bytes) -> Ledger:
        data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
        (place / LAYOUT.ledger).write_bytes(data)
        return Ledger.load(Home(str(place)), LAYOUT)

    yield write
    (place / LAYOUT.ledger).unlink(missing_ok=True)


def test_without_a_file_nothing_is_known(place):
    assert vars(Ledger.load(Home(str(place)), LAYOUT)) == EMPTY


def test_what_is_saved_is_loaded(place, write):
    home = Home(str(place))
    ledger = Ledger()
    ledger.wanted, ledger.port, ledger.job_id = "running", 24601, 4711
    ledger.nonce, ledger.nonce_since = "abc", 1_800_000_000.5
    ledger.save(home, LAYOUT)
    assert vars(Ledger.load(home, LAYOUT)) == vars(ledger)
    assert (place / LAYOUT.ledger).stat().st_mode & 0o777 == 0o600


def test_saving_what_is_there_already_writes_nothing(place, write):
    home = Home(str(place))
    ledger = Ledger()
    ledger.port = 24601
    ledger.save(home, LAYOUT)
    before = (place / LAYOUT.ledger).stat()
    ledger.save(home, LAYOUT)
    assert (place / LAYOUT.ledger).stat().st_ino == before.st_ino
    ledger.port = 24602
    ledger.save(home, LAYOUT)
    assert Ledger.load(home, LAYOUT).port == 24602


def test_the_file_says_its_schema(place, write):
    Ledger().save(Home(str(place)), LAYOUT)
    assert json.loads((place / LAYOUT.ledger).read_text())["schema"] == 1


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "[]", "1", '"text"', "{}", '{"schema": 2, "port": 24601}', "\0"),
        *('{"schema": true, "port": 1.5}', b"\xff\xfe", "[" * 60000, '{"port": 24601}'),
        '{"schema": 1, "port": ' + "9" * 5000 + "}",
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_a_file_that_makes_no_sense_is_an_empty_ledger(write, text):
    assert vars(write(text)) == EMPTY


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("port", "24601"), ("port", True), ("port", 1.5), ("port", None), ("wanted", 1)),
        *(("nonce", ["x"]), ("nonce_since", "now"), ("nonce_since", True), ("digest", {})),
    ],
)
def test_a_value_of_another_kind_is_left_out_and_the_rest_kept(write, key, value):
    ledger = write(json.dumps({"schema": 1, "job_id": 4711, key: value}))
    assert vars(ledger) == {**EMPTY, "job_id": 4711}


def test_a_key_of_a_later_version_does_no_harm(write):
    assert vars(write('{"schema": 1, "colour": "red"}')) == EMPTY


@given(st.dictionaries(st.one_of(st.sampled_from(sorted(EMPTY)), st.text()), json_values))
def test_whatever_stands_in_it_every_value_has_its_kind(place, values):
    (place / LAYOUT.ledger).write_text(json.dumps({**values, "schema": 1}))
    ledger = Ledger.load(Home(str(place)), LAYOUT)
    (place / LAYOUT.ledger).unlink()
    for key, default in EMPTY.items():
        kinds = (int, float) if isinstance(default, float) else type(default)
        assert isinstance(getattr(ledger, key), kinds)


def test_a_ledger_that_is_no_file_is_told(place):
    path = place / LAYOUT.ledger
    os.mkfifo(path)
    try:
        with pytest.raises(ServiceError, match="no regular file"):
            Ledger.load(Home(str(place)), LAYOUT)
    finally:
        path.unlink()
