"""The sound tagger: a frozen speech encoder's frames to posteriors of many everyday sounds."""
