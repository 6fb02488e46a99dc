"""The sha256 of every shipped checkpoint of a trained system. Knows no path."""

SHA256: dict[str, str] = {
    "published-ttm": "b46944c8bc64bbab8034e1a8a0b4c89f5baace861d6ef9a2b452db1e913c0be9",
    "lstm": "328c30553d7ed2592d5f16285646e9629079c213a0ea7a1834c8c4a461677849",
    "transformer": "a14b4ebb3b81b6030ae8574acef5f0b6508b3a97a4174421330a87196cca4deb",
}
