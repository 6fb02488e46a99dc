"""What is shipped with ttmserve: packages, weights, their licences. Knows no server."""
