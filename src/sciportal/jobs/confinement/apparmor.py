"""AppArmor under a layer: a profile of the operators' that a program is put under first."""

from __future__ import annotations

import os
import re

from sciportal.jobs.confinement.layers import AUTO, Layer
from sciportal.service.errors import ServiceError, UsageError

# Since Linux 5.8 the second; it is AppArmor's alone where there are other modules.
_PLACES = ("/proc/self/attr/apparmor/current", "/proc/self/attr/current")
_NAME = re.compile(r"[A-Za-z0-9_./+-]+")


def layer(profile: str, wanted: str) -> str:
    """The layer that a program under a profile gets.

    bubblewrap mounts, which no profile of a job allows; there a profile is attached to the program.

    Raises:
        UsageError: it cannot be that one, or the profile is none.
    """
    if not _NAME.fullmatch(profile):
        found = "a profile's name has letters, digits and _ . / + -"
        raise UsageError(f"change to the profile {profile!r}", found, "give one with --profile")
    if wanted == Layer.BUBBLEWRAP.value:
        found = "bubblewrap could not mount under it"
        advice = "say --layer landlock, or attach the profile to the program"
        raise UsageError(f"change to the profile {profile!r}", found, advice)
    return Layer.LANDLOCK.value if wanted == AUTO else wanted


def change(profile: str) -> None:
    """Put this process, and all that it starts, under a profile (aa_change_profile(2)).

    Raises:
        ServiceError: there is none of that name, or it may not be changed to from here.
    """
    place = next((each for each in _PLACES if os.path.exists(each)), _PLACES[-1])
    try:
        with open(place, "w") as file:
            file.write(f"changeprofile {profile}")
    except OSError as error:
        advice = "load it, by the role apparmor"
        raise ServiceError(
            f"change to the profile {profile}", str(error.strerror), advice
        ) from None
