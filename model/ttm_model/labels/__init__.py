"""Label spaces: named classes, and how a noun phrase finds what their posteriors hold."""
