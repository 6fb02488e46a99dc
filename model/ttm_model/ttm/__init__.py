"""The slot-write Token Turing Machine: layers, states, steps. Knows no encoder and no question."""
