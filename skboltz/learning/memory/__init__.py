"""Learning of memories: rules that store patterns."""
