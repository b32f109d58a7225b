"""Formats of files, below the graph."""
