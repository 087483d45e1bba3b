"""What `status -v` tells beside the table."""

from __future__ import annotations

from sciportal.service.details import details
from sciportal.service.result import Result

WEB = Result("web", "alice", "status", state="running", phase="running")


def told(*results: Result, home: str = "~", accounts: bool = False) -> str:
    return details([each.as_json() for each in results], home, accounts=accounts)


def test_a_block_tells_how_the_main_process_is_doing():
    each = WEB._replace(phase="restarting", restarts=3, last_exit=-9)
    assert told(each).splitlines() == [
        "",
        "web:",
        "  phase      restarting",
        "  restarts   3",
        "  last exit  its main process was killed by SIGKILL",
        "  log        ~/.sbatch-service/log/web.log",
    ]


def test_what_is_not_known_is_told_so():
    text = told(WEB._replace(phase=""))
    assert "  phase      not known\n" in text
    assert "  last exit  none\n" in text


def test_a_shell_that_forgot_exec_is_told_in_80_columns():
    text = told(WEB._replace(is_shell=True))
    assert "let the script's last line begin with exec" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80


def test_homes_of_others_are_named():
    assert "  log        ~bob/.sbatch-service/log/web.log" in told(WEB, home="~bob")
    text = told(WEB, WEB._replace(account="bob"), accounts=True)
    assert "alice web:\n" in text
    assert "~bob/.sbatch-service/log/web.log" in text
