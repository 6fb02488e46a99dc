"""Things that a person named while showing them. Knows keys and names; no picture, no question."""
