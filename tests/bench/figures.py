"""What was measured, beside what it is compared to."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Figure(NamedTuple):
    """One comparison; times are in seconds."""

    work: str
    ours: float
    beside: str
    """What the same run did for comparison."""
    theirs: float
    processor: tuple[float, float]
    """Seconds of processor in ours and in theirs; 0 where they are not known."""
    most: str = ""
    """What it is to be, for people."""
    bound: float | None = None
    """The ratio beyond which a run fails; generous, since machines are busy."""
    note: str = ""

    @property
    def ratio(self) -> float:
        """Ours by theirs."""
        return self.ours / self.theirs


def compared(
    work: str,
    beside: str,
    times: Mapping[str, Sequence[Sequence[float]]],
    most: str = "",
    bound: float | None = None,
    note: str = "",
) -> Figure:
    """The figure of a race between `ours` and `theirs`: medians of all rounds."""
    ours, theirs = (_median(times[side], 0) for side in ("ours", "theirs"))
    processor = (_median(times["ours"], 1), _median(times["theirs"], 1))
    return Figure(work, ours, beside, theirs, processor, most, bound, note)


def _median(rounds: Sequence[Sequence[float]], place: int) -> float:
    return statistics.median(each[place] for each in rounds)


def seconds(value: float) -> str:
    """A time for people."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def table(figures: Sequence[Figure]) -> str:
    """A table in Markdown."""
    rows = [
        "| work | takes | beside it | takes | ratio | of processor | wanted |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in figures:
        note = f" ({each.note})" if each.note else ""
        ours, theirs = each.processor
        processor = f"{seconds(ours)} / {seconds(theirs)} = {ours / theirs:.2f}" if theirs else ""
        rows.append(
            f"| {each.work}{note} | {seconds(each.ours)} | {each.beside} | {seconds(each.theirs)}"
            f" | {each.ratio:.2f} | {processor} | {each.most} |"
        )
    return "".join(f"{row}\n" for row in rows)
