"""What Slurm's commands say when they do not do what they were asked."""

from __future__ import annotations

# What job_submit.lua says, for us to read.
OURS = "sciportal: "
_DUPLICATE = "sciportal: duplicate service"
_PORT = "sciportal: port "
_TAKEN = " is taken"

_NOT_PERMITTED = (
    "not permitted to use this partition",
    "group not permitted",
    "invalid account or account/partition",
    "access/permission denied",
)
# slurmctld or munge gave no answer, so that the request may or may not have been carried out
# (Slurm's slurm_errno.c, and seen with a paused slurmctld).
_NO_ANSWER = (
    *("timed out", "unable to contact", "zero bytes", "connect failure", "communication"),
    *("connection failure", "connection reset", "connection refused"),
    *("protocol authentication", "munge", "backup controller", "in standby"),
    # All that `scontrol requeue` says of it.
    "unexpected message",
)
# The request was not even sent, so it cannot be carried out later.
_NOT_SENT = ("connect failure", "connection refused", "munge")


def is_duplicate(text: str) -> bool:
    """Whether a job of that name was submitted a moment ago."""
    return _DUPLICATE in text


def port_taken(text: str) -> int:
    """The port that another job has; 0 where that is not the reason."""
    number, taken, _rest = text.partition(_PORT)[2].partition(_TAKEN)
    return int(number) if taken and number.isascii() and number.isdigit() else 0


def is_not_permitted(text: str) -> bool:
    """Whether the account may not use the partition."""
    return _says(text, _NOT_PERMITTED)


def is_unanswered(text: str) -> bool:
    """Whether no answer came."""
    return _says(text, _NO_ANSWER)


def is_unsent(text: str) -> bool:
    """Whether the request did not even leave."""
    return _says(text, _NOT_SENT)


def _says(text: str, phrases: tuple[str, ...]) -> bool:
    lower = text.lower()
    return any(each in lower for each in phrases)
