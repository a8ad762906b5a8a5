"""Restricted machines: two layers, coupled to each other only."""
