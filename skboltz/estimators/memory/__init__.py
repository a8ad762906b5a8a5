"""Associative memories, and what they hold."""
