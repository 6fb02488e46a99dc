"""Other clients of Redis under the store, for comparison: see docs/adr/0009."""
