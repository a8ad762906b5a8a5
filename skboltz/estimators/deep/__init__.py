"""Deep networks of stacked machines."""
