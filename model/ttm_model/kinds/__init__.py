"""The kinds of question, a room each: which slots it has and how memory answers it."""
