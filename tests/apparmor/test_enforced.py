from __future__ import annotations
from sciportal.apparmor import kernel


def test_the_kernel_enforces_what_the_role_wrote() -> None:
    assert kernel.is_there()
    assert kernel.loaded()["bumpworkd"] == "enforce"
