"""Rules that lead to profiles which are not there are found, whatever form they have."""

from __future__ import annotations

import pytest

from sciportal.apparmor.transitions import Transition, problems, transitions

SEED = """\
#include <tunables/global>

/home/bumps/bumpsenv/bin/bumpworkd {
 #include <abstractions/base>

 /bin/dash cx,
 /home/bumps/bumpsenv/bin/python cx,
 /home/bumps/bumpsenv/** r,
}
"""

MANY = """\
abi <abi/3.0>,
profile outer /usr/bin/{outer,other} flags=(complain) {
  include <abstractions/base>
  /{usr/,}bin/dash cx -> model,   # not here: /bin/x cx -> comment,
  owner /opt/a Cix -> model,
  audit /opt/b rpx -> elsewhere,
  /opt/c pux -> gone//child,
  "/opt/with space" mrcx -> "quoted",
  change_profile -> outer//slot1,
  change_profile /bin/sh -> &outer//slot*,
  deny /opt/d cx -> denied,
  /opt/e rix,
  /opt/cx r,
  /opt/excess rwk,
  signal (send) peer=outer//*,

  profile model {
    /bin/dash mrix,
    /opt/f cx -> deeper,
    ^hat {
      /opt/g px -> outer,
    }
  }
}
"""


def found(text: str) -> list[tuple[str, str]]:
    return [(each.profile, each.target) for each in transitions(text)]


def test_the_seeds_own_profile_leads_nowhere() -> None:
    worker = "/home/bumps/bumpsenv/bin/bumpworkd"
    assert problems(SEED, [worker], []) == [
        f"line 6, in {worker}: '/bin/dash cx,' leads to {worker}///bin/dash, which is not there",
        f"line 7, in {worker}: '/home/bumps/bumpsenv/bin/python cx,' leads to"
        f" {worker}///home/bumps/bumpsenv/bin/python, which is not there",
    ]
    assert not problems(
        SEED, [worker, f"{worker}///bin/dash", f"{worker}///home/bumps/bumpsenv/bin/python"], []
    )


def test_each_form_of_a_transition_is_read() -> None:
    assert found(MANY) == [
        ("outer", "outer//model"),
        ("outer", "outer//model"),
        ("outer", "elsewhere"),
        ("outer", "gone//child"),
        ("outer", "outer//quoted"),
        ("outer", "outer//slot1"),
        ("outer", "outer//slot*"),
        ("outer//model", "outer//model//deeper"),
        ("outer//model//hat", "outer"),
    ]
    assert next(iter(transitions(MANY))) == Transition(
        4, "outer", "/{usr/,}bin/dash cx -> model,", "outer//model"
    )


def test_what_is_in_the_file_or_loaded_is_there() -> None:
    names = ["outer", "outer//model", "outer//model//hat"]
    missing = problems(MANY, names, ["elsewhere"])
    assert [each.split("leads to ")[1].split(",")[0] for each in missing] == [
        *("gone//child", "outer//quoted", "outer//slot1", "outer//model//deeper"),
    ]


def test_what_was_loaded_before_under_the_same_name_does_not_count() -> None:
    text = "profile a {\n  /bin/dash cx -> model,\n}\n"
    assert problems(text, ["a"], ["a", "a//model", "b//model"])
    assert not problems(text, ["a", "a//model"], [])


@pytest.mark.parametrize("line", ["/bin/dash rix,", "/bin/cx rw,", "capability setuid,", "/x Ux,"])
def test_other_rules_lead_nowhere(line: str) -> None:
    assert found(f"profile a {{\n  {line}\n}}\n") == []
