"""How large a fleet has to be, and what breaks first: a simulation from measured figures."""
