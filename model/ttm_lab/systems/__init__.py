"""Memories that are measured beside each other. They know no measure and no truth."""
