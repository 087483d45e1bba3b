"""Names of services, jobs and accounts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service import names
from sciportal.service.errors import UsageError

BAD = [
    *("", " ", "../x", "-rf", "--yes", "a" * 300, "a" * 33, "Web", "WEB", "1web", "web-", "we--b"),
    *("log", "web ", "web\n", "\nweb", "we b", "web.toml", "web/x", "wéb", "\uff57eb", "web\0"),
    *("we_b", "w\u0661b", ".state", "*", "$(id)", "-", "a-"),
]
GOOD = ["a", "web", "apache", "uwsgi", "my-wiki-2", "a1", "l" * 32, "log-2", "logs"]

service_names = st.from_regex(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True).filter(
    names.is_service
)


@pytest.mark.parametrize("name", BAD, ids=ascii)
def test_a_bad_name_is_a_usage_error_that_shows_it_and_says_the_rule(name):
    assert not names.is_service(name)
    with pytest.raises(UsageError) as raised:
        names.check_service(name)
    assert raised.value.exit_code == 2
    assert repr(name[:32])[:-1] in str(raised.value)
    assert "1 to 32 of a-z" in str(raised.value)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("name", GOOD)
def test_a_good_name_comes_back_as_it_is(name):
    assert names.check_service(name) == name


@given(st.one_of(st.text(max_size=40), service_names))
def test_every_accepted_name_is_safe_in_a_path_a_job_name_and_a_host_name(name):
    if names.is_service(name):
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name, re.ASCII)
        assert len(name) <= 32
        assert name[0].isalpha()


@given(service_names)
def test_the_service_of_its_job_name_is_itself(name):
    assert names.service_of(names.job_name(name)) == name


@given(st.text(max_size=50))
def test_any_other_job_name_is_no_services_job(job):
    found = names.service_of(job)
    assert found is None or names.job_name(found) == job


@pytest.mark.parametrize("job", ["-service", "web", "Web-service", "log-service", "web-service "])
def test_job_names_that_only_look_like_a_services(job):
    assert names.service_of(job) is None


@pytest.mark.parametrize("name", ["alice", "a.b-c_d", "_x", "Alice2", "a" * 32])
def test_names_that_useradd_allows_are_accounts(name):
    assert names.is_account(name)


@pytest.mark.parametrize("name", ["", "-rf", ".hidden", "a b", "a/b", "a:b", "a" * 33, "a\n", "é"])
def test_other_names_are_no_accounts(name):
    assert not names.is_account(name)
