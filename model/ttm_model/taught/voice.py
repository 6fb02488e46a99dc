"""Stand-in."""
def named(text): return None
