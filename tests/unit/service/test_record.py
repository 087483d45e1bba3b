"""What the runner writes down: anything may stand there, since it is the account's file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service import record
from sciportal.service.home import Home
from sciportal.service.layout import Layout

LAYOUT = Layout("web")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    place = tmp_path_factory.mktemp("home")
    (place / ".sbatch-service/.state").mkdir(parents=True)
    return Home(str(place))


def test_what_is_written_is_read(home):
    wanted = record.Record(7, record.RESTARTING, 3, -9, 1_800_000_000, 1_800_000_004, True)
    wanted.save(home, LAYOUT)
    assert record.load(home, LAYOUT) == wanted


def test_without_a_file_nothing_is_known(home):
    assert record.load(home, Layout("other")) == record.Record()


@given(
    st.one_of(
        st.text(max_size=40),
        st.dictionaries(
            st.sampled_from([*record.Record._fields, "schema"]),
            st.one_of(st.integers(), st.booleans(), st.text(max_size=3), st.none(), st.floats()),
        ).map(json.dumps),
    )
)
def test_nonsense_is_nothing(home, text):
    home.write(LAYOUT.record, text)
    found = record.load(home, LAYOUT)
    assert found.phase.isprintable()
    assert found.restarts >= 0
