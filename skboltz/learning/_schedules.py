"""Schedules: factors of the learning rate as the training goes on."""


def constant(progress):
    """1 throughout."""
    return 1.0


def linear(progress):
    """From 1 towards 0 along a straight line."""
    return 1.0 - progress


def exponential(progress):
    """From 1 towards 1/100 by equal factors."""
    return 0.01**progress


def inverse_time(progress):
    """1 / (1 + 9 progress): from 1 towards 1/10, by the reciprocal of time."""
    return 1.0 / (1.0 + 9.0 * progress)


SCHEDULES = {
    "constant": constant,
    "linear": linear,
    "exponential": exponential,
    "inverse_time": inverse_time,
}
