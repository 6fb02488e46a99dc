"""The published Token Turing Machine units and the files of their parameters. Serves nobody."""
