"""Words that were said and written: a bounded place of the state, and the search in it.

Knows texts, times and embeddings; no sound, no picture, no question.
"""
