"""The sha256 of every shipped checkpoint of a trained system. Knows no path."""

SHA256: dict[str, str] = {
    "published-ttm": "96bbd0a9fc8c8fa986e13cce8fe873ff5668b3ea9db8762b3425db492231c3b2",
    "lstm": "99f6797cdb55b1439a1cd2176ed4f7f37c93c9369e1e98fc48b638b05f686fc3",
    "transformer": "8ce86e6211ac4695be14cb1d3c6c87ffb452fdc661c88c82592d28ce1701a110",
}
