"""A film of nickel on silicon, seen by neutrons of one wavelength."""

import numpy
from bumps.names import FitProblem
from refl1d.names import Experiment, Material, NeutronProbe, air, silicon

nickel = Material("Ni")
sample = silicon(0, 5) | nickel(110, 5) | air
sample[0].interface.range(0, 20)
sample[1].thickness.range(80, 160)
sample[1].interface.range(0, 20)

# Angles in degrees; wavelength and its spread in angstrom.
angle, reflectivity, uncertainty = numpy.loadtxt("film.dat", unpack=True)
probe = NeutronProbe(T=angle, dT=0.02, L=4.75, dL=0.047, data=(reflectivity, uncertainty))
probe.intensity.range(0.9, 1.1)
problem = FitProblem(Experiment(probe=probe, sample=sample))
