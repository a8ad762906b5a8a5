"""Boltzmann machines, whose units are coupled in pairs."""
