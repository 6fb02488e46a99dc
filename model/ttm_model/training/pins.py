"""The sha256 of every shipped checkpoint of a trained system. Knows no path."""

SHA256: dict[str, str] = {
    "published-ttm": "2ad75863ded92655d1ff13070f978a5f7ee15722739947c82f0827f2151a0f4b",
    "lstm": "e72661bb24b17b21ef7a25dec3d7dbf407e0d7be4b580ad9293355cb2642a386",
    "transformer": "a14b4ebb3b81b6030ae8574acef5f0b6508b3a97a4174421330a87196cca4deb",
}
