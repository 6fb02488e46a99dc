"""Training, evaluation, benchmarks and the systems compared with: the workshop, not the server."""
