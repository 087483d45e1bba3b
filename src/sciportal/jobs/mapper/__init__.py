"""Evaluates R(x_i) for many x_i on separate processors.

Example:
    from sciportal.jobs.mapper import Mapper

    results = Mapper().map(R, points)
    values = results.gather()
    for failure in results.failures:
        print(failure)
"""

from sciportal.jobs.mapper.mapper import Mapper, Results
from sciportal.jobs.mapper.outcome import Failure, PointError

__all__ = ["Failure", "Mapper", "PointError", "Results"]
