"""Label spaces: named classes, how a noun phrase finds them, and the keys that memory holds."""
