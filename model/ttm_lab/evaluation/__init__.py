"""How well a memory answers about the past, beside every alternative on the same episodes."""
