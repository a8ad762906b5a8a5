"""Learning of pairwise models: phases, steps, and fits without phases."""
