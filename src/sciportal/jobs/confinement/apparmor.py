"""AppArmor under a layer: a profile of the operators' that a program is put under."""

from __future__ import annotations

import os
import re

from sciportal.service.errors import ServiceError, UsageError

# Since Linux 5.8 the second; it is AppArmor's alone where there are other modules.
_PLACES = ("/proc/self/attr/apparmor", "/proc/self/attr")
_NAME = re.compile(r"[A-Za-z0-9_./+-]+")
_ADVICE = "load it, by the role apparmor"
# In namespaces of its own a program is put under a profile by who starts it, last of all: bwrap
# itself mounts, which no profile of a job allows. A shell writes what it prints at once.
_STARTER = """\
place=/proc/self/attr
[ ! -e $place/apparmor ] || place=$place/apparmor
{ printf 'exec %s' "$0" >$place/exec; } 2>/dev/null || {
    echo "sciportal-confine: change to the profile $0: the kernel refused; ADVICE" >&2
    exit 1
}
exec "$@"
""".replace("ADVICE", _ADVICE)


def check(profile: str) -> None:
    """See that it can be the name of a profile.

    Raises:
        UsageError: it cannot.
    """
    if not _NAME.fullmatch(profile):
        found = "a profile's name has letters, digits and _ . / + -"
        raise UsageError(f"change to the profile {profile!r}", found, "give one with --profile")


def starting(profile: str, program: list[str]) -> list[str]:
    """The words that run a program under a profile (aa_change_onexec(2))."""
    return ["/bin/sh", "-c", _STARTER, profile, *program]


def change(profile: str) -> None:
    """Put this process, and all that it starts, under a profile (aa_change_profile(2)).

    Raises:
        ServiceError: there is none of that name, or it may not be changed to from here.
    """
    place = next((each for each in _PLACES if os.path.exists(each)), _PLACES[-1])
    try:
        with open(f"{place}/current", "w") as file:
            file.write(f"changeprofile {profile}")
    except OSError as error:
        raise ServiceError(
            f"change to the profile {profile}", str(error.strerror), _ADVICE
        ) from None
