"""Trains memories and readers in embedding space, and loads what was trained. Knows no server."""
