"""Speech: sound to utterances by voice, and an utterance to its words with their times."""
