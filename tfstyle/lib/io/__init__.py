"""Formats of files: tables, records, checksums."""
