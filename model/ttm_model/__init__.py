"""The model of ttmserve: encoders, Token Turing Machine, reader. It knows nothing of the server."""
