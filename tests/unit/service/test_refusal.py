"""What Slurm's commands say when they refuse, read."""

from __future__ import annotations

import pytest

from sciportal.service import refusal


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("sciportal: port 24601 is taken, ask again", 24601),
        ("sbatch: error: sciportal: port 8192 is taken", 8192),
        ("sciportal: port x is taken", 0),
        ("sciportal: port 24601", 0),
        ("sciportal: port  is taken", 0),
        ("port 24601 is taken", 0),
        ("", 0),
    ],
)
def test_the_port_that_another_has_is_read(text: str, port: int) -> None:
    assert refusal.port_taken(text) == port


def test_a_duplicate_is_known_by_our_own_words() -> None:
    assert refusal.is_duplicate("sbatch: error: sciportal: duplicate service web, wait a moment")
    assert not refusal.is_duplicate("duplicate service")


def test_words_of_slurm_are_known_in_any_case() -> None:
    assert refusal.is_not_permitted("User's GROUP not permitted to use this partition")
    assert refusal.is_unanswered("sbatch: error: Unable to contact slurm controller")
    assert refusal.is_unsent("(Connection refused)")
    assert not refusal.is_unsent("timed out")
