"""Evaluates R(x_i) for many x_i on separate processors."""
