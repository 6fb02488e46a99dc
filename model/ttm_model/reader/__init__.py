"""The aligned reader: questions against memory slots. It sees a memory state and nothing else."""
