"""The English-shaped grammar: ordered rules over words. Names no kind; the words are data."""
