"""Live containers, WebM/Matroska or fragmented MP4, made into chunks in a thread of their own.

The protocol calls either of them media `webm`.
"""
