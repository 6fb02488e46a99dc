"""Engines: encoders, unit and reader put together as a fold over chunks."""
