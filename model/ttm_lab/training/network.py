"""A trained system's network: embedding, memory, reader. Knows no training and no file."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ttm_lab.training.embedding import TokenEmbedding
from ttm_lab.training.memories import DIM, MEMORIES, Memory
from ttm_lab.training.reader_head import ReaderHead
from ttm_lab.training.stream import Streams


class Network(nn.Module):
    """`name` is one of MEMORIES; the same seed makes the same start."""

    def __init__(self, name: str, seed: int = 0, dim: int = DIM) -> None:
        super().__init__()
        if name not in MEMORIES:
            raise ValueError(f"system: {name!r} is not one of {', '.join(MEMORIES)}")
        self.name = name
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.reader = ReaderHead(dim)
            self.embedding = TokenEmbedding(dim)
            self.memory: Memory = MEMORIES[name]()

    def embed(self, streams: Streams) -> Tensor:
        """Every token of B streams -> (B, T, n, d)."""
        embedded: Tensor = self.embedding(
            streams.keys, streams.modality, streams.salience, streams.start_s
        )
        return embedded
