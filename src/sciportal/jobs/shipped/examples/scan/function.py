"""How well a film of nickel on silicon fits what was measured, for any thickness."""

import numpy
from bumps.names import FitProblem
from refl1d.names import Experiment, Material, NeutronProbe, air, silicon

nickel = Material("Ni")
sample = silicon(0, 4) | nickel(100, 7) | air
angle, reflectivity, uncertainty = numpy.loadtxt("film.dat", unpack=True)
probe = NeutronProbe(T=angle, dT=0.02, L=4.75, dL=0.047, data=(reflectivity, uncertainty))
experiment = Experiment(probe=probe, sample=sample)
problem = FitProblem(experiment)


def R(thickness):
    """The normalised chi-squared of a thickness in angstrom."""
    sample[1].thickness.value = thickness
    experiment.update()
    return problem.chisq()
