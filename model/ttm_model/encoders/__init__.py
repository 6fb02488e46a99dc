"""Frozen encoders: pictures, sounds and text to label-space posteriors."""
