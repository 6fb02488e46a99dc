"""Word lists written as one string. It knows nothing of what the words are for."""


def listed(*texts: str) -> list[str]:
    """Split one or more strings of words separated by blanks."""
    return [word for text in texts for word in text.split()]
