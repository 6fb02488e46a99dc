"""What memories are compared in: streams, what happened in them, questions. Knows no memory."""
