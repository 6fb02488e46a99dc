"""The sha256 of every shipped checkpoint of a trained system. Knows no path."""

SHA256: dict[str, str] = {
    "published-ttm": "b46944c8bc64bbab8034e1a8a0b4c89f5baace861d6ef9a2b452db1e913c0be9",
    "lstm": "328c30553d7ed2592d5f16285646e9629079c213a0ea7a1834c8c4a461677849",
    "transformer": "8ce86e6211ac4695be14cb1d3c6c87ffb452fdc661c88c82592d28ce1701a110",
}
