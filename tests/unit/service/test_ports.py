"""Which port a service gets."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service import ports
from sciportal.service.errors import ServiceError
from sciportal.service.kinds import CUSTOM, PORT_SPAN, TYPES, kind_of

LOWEST, HIGHEST = 8192, 32767
uids = st.integers(0, 2**32 - 2)
bases = st.sampled_from([8192, 16384, 24576])


@given(uids, bases)
def test_the_first_candidate_follows_the_rule_of_the_seed(uid, base):
    assert next(ports.candidates(uid, base, LOWEST, HIGHEST)) == uid % 8192 + base


def test_the_bases_of_the_kinds_are_those_of_the_specification():
    assert CUSTOM.port_base == 24576
    assert TYPES["apache"].port_base == 16384
    assert kind_of("anything") == CUSTOM


def test_candidates_go_on_by_one_round_the_end_of_the_range():
    found = ports.candidates(8190, 24576, LOWEST, HIGHEST)
    assert list(itertools.islice(found, 4)) == [32766, 32767, 24576, 24577]


@given(uids, bases, st.integers(1, 65535), st.integers(0, 9000))
def test_all_candidates_are_distinct_and_within_both_ranges(uid, base, lowest, size):
    highest = min(lowest + size, 65535)
    found = list(ports.candidates(uid, base, lowest, highest))
    within = range(max(base, lowest), min(base + PORT_SPAN - 1, highest) + 1)
    assert sorted(found) == list(within)


@given(uids, bases, st.sets(st.integers(0, 40)))
def test_the_first_that_is_not_taken_is_chosen(uid, base, places):
    order = list(itertools.islice(ports.candidates(uid, base, LOWEST, HIGHEST), 60))
    taken = {order[place] for place in places}
    chosen = ports.choose(uid, base, LOWEST, HIGHEST, taken)
    assert chosen == next(port for port in order if port not in taken)


def test_a_range_that_is_all_taken_is_an_error_that_names_it():
    with pytest.raises(ServiceError, match="24576 to 24578"):
        ports.choose(0, 24576, LOWEST, 24578, {24576, 24577, 24578})


def test_a_site_whose_range_misses_the_kind_is_an_error_and_no_crash():
    with pytest.raises(ServiceError, match="a port"):
        ports.choose(0, 24576, 8192, 20000, ())


@pytest.mark.parametrize("port", [LOWEST, HIGHEST])
def test_the_ends_of_the_range_are_ports_for_services(port):
    ports.check(port, LOWEST, HIGHEST)


@pytest.mark.parametrize("port", [1, 80, LOWEST - 1, HIGHEST + 1, 65535])
def test_a_port_outside_the_range_is_refused_with_the_range(port):
    with pytest.raises(ServiceError, match=f"{port} is not one for services; use 8192 to 32767"):
        ports.check(port, LOWEST, HIGHEST)
