"""Media `webm`: live WebM/Matroska or fragmented MP4, made into chunks in a thread of its own."""
