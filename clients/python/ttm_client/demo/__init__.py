"""The demo clip (clip.mp4) and what is true of it (truth.json); SOURCES.md lists its sources."""
