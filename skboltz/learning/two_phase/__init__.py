"""Learning of bipartite models: phases, and the steps from their sums."""
