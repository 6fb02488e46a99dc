"""Token Turing Machines: published units, slot write, states. Knows no encoder and no question."""
