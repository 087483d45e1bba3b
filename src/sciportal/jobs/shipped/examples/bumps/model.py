"""A straight line through points that were measured."""

import numpy
from bumps.names import Curve, FitProblem


def line(x, m, b):
    return m * x + b


x, y, dy = numpy.loadtxt("line.dat", unpack=True)
curve = Curve(line, x, y, dy, m=2, b=2)
curve.m.range(0, 4)
curve.b.range(-5, 5)
problem = FitProblem(curve)
