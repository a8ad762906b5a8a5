"""Learning of directed networks: wake and sleep, up and down."""
