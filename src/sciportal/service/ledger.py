"""The ledger of a service: what was done here for it, and what is wanted.

It never says what state the service is in: that is Slurm's to say.
"""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING
from sciportal.service import plain
from sciportal.service.home import Home
from sciportal.service.layout import Layout

if TYPE_CHECKING:
    from typing import Any

SCHEMA = 1


class Ledger:
    """What is remembered of one service.

    Attributes:
        wanted: "running", "stopped", or empty where nobody said.
        digest: of the executable and settings that stage `init` was last done for.
        port: the port that the service keeps; 0 for none.
        job_id: the last job that was submitted; 0 for none.
        partition: where that was.
        nonce: names a submission that got no answer; empty where there is none.
        nonce_since: when that was, in seconds since the epoch.
    """

    def __init__(self) -> None:
        self.wanted = ""
        self.digest = ""
        self.port = 0
        self.job_id = 0
        self.partition = ""
        self.nonce = ""
        self.nonce_since = 0.0

    def text(self) -> str:
        """The file's contents."""
        return plain.to_json({"schema": SCHEMA, **vars(self)})

    @staticmethod
    def load(home: Home, layout: Layout) -> Ledger:
        """The ledger of a service; an empty one where there is none, or an unreadable one.

        Everything in it can be lost without harm but the memory of an unanswered submission.
        """
        ledger = Ledger()
        text = home.read(layout.ledger)
        if text is None:
            return ledger
        try:
            values = plain.loads(text)
        except (ValueError, RecursionError):
            return ledger
        if isinstance(values, dict) and values.get("schema") == SCHEMA:
            for key, default in vars(ledger).items():
                _take(ledger, key, default, values.get(key))
        return ledger

    def save(self, home: Home, layout: Layout, *, is_durable: bool = False) -> None:
        """Write it, if it says anything new.

        Args:
            home: of the account.
            layout: of the service.
            is_durable: see `Home.write`; of all that is in it, an unanswered submission needs that.
        """
        text = self.text()
        if home.read(layout.ledger) != text:
            home.write(layout.ledger, text, is_durable=is_durable)


def _take(ledger: Ledger, key: str, default: object, value: Any) -> None:
    numbers = (int, float) if isinstance(default, float) else (type(default),)
    if isinstance(value, numbers) and not isinstance(value, bool):
        setattr(ledger, key, value)
