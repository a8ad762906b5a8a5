"""Questions to a fitted machine: every answer is a function of one value."""
