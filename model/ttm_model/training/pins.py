"""The sha256 of every shipped checkpoint of a trained system. Knows no path."""

SHA256: dict[str, str] = {
    "published-ttm": "ede3d4d22836b0d34759110bfd8b5bbe9b5fedd60e4cba6ce3b57c2e3a34ae11",
    "lstm": "7bc6267c6189e57ec19e4fa84512df51806c4d81482e394667dd5322e6b772be",
    "transformer": "a14b4ebb3b81b6030ae8574acef5f0b6508b3a97a4174421330a87196cca4deb",
}
