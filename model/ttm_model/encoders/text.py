"""Turns short English phrases into unit vectors; knows nothing of labels, questions or memory.

The network is all-MiniLM-L6-v2 (Reimers and Gurevych, Sentence-BERT, EMNLP 2019; Wang et al.,
MiniLM, NeurIPS 2020): six BERT layers, mean over tokens, unit length. It is written out here
because importing a general loader costs several times what loading and using this network does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from ttm_model.encoders.weights import MINILM_L6_V2, PinnedWeights, verified_path
from ttm_model.errors import WeightsError

WIDTH = 384
LAYERS = 6
HEADS = 12
MAX_TOKENS = 256
CACHE_PHRASES = 4096
_LN_EPS = 1e-12
_UNUSED = frozenset({"embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"})


def _expected_keys() -> set[str]:
    linear = ["attention.self.query", "attention.self.key", "attention.self.value"]
    linear += ["attention.output.dense", "intermediate.dense", "output.dense"]
    norms = ["attention.output.LayerNorm", "output.LayerNorm"]
    keys = {f"embeddings.{n}_embeddings.weight" for n in ("word", "position", "token_type")}
    keys |= {f"embeddings.LayerNorm.{p}" for p in ("weight", "bias")}
    for i in range(LAYERS):
        keys |= {f"encoder.layer.{i}.{n}.{p}" for n in linear + norms for p in ("weight", "bias")}
    return keys


class TextEncoder:
    """The frozen text encoder, float32 on the CPU.

    Every phrase is encoded by itself, so a vector never depends on what else was asked with it.
    The `CACHE_PHRASES` latest phrases are kept. Raises `WeightsError` where the weights are not
    the published ones.
    """

    def __init__(self, weights: PinnedWeights = MINILM_L6_V2) -> None:
        path = verified_path(weights)
        self._w = load_file(path)
        missing = _expected_keys() - self._w.keys()
        surplus = self._w.keys() - _expected_keys() - _UNUSED
        if missing or surplus:
            raise WeightsError(f"{path}: missing {sorted(missing)}, unexpected {sorted(surplus)}")
        self._tokenizer = Tokenizer.from_file(str(path.with_name("tokenizer.json")))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._cached = lru_cache(maxsize=CACHE_PHRASES)(self._encode_one)

    def encode(self, phrases: Sequence[str]) -> Tensor:
        """Encode phrases -> (N, 384) float32 of unit length, in order."""
        if not phrases:
            return torch.zeros(0, WIDTH)
        return torch.stack([self._cached(phrase) for phrase in phrases])

    @torch.no_grad()
    def _encode_one(self, phrase: str) -> Tensor:
        ids = torch.tensor(self._tokenizer.encode(phrase).ids)  # (T,)
        w = self._w
        x = w["embeddings.word_embeddings.weight"][ids]
        x = x + w["embeddings.position_embeddings.weight"][: len(ids)]
        x = x + w["embeddings.token_type_embeddings.weight"][0]
        x = self._norm(x, "embeddings.LayerNorm")  # (T, 384)
        for i in range(LAYERS):
            x = self._layer(x, f"encoder.layer.{i}.")
        return F.normalize(x.mean(dim=0), dim=0).clone()

    def _layer(self, x: Tensor, at: str) -> Tensor:
        q, k, v = (
            self._linear(x, f"{at}attention.self.{n}").reshape(len(x), HEADS, -1).transpose(0, 1)
            for n in ("query", "key", "value")
        )  # (H, T, 32) each
        mix = torch.softmax(q @ k.transpose(1, 2) / (WIDTH // HEADS) ** 0.5, dim=-1) @ v
        mix = self._linear(mix.transpose(0, 1).flatten(1), f"{at}attention.output.dense")
        x = self._norm(x + mix, f"{at}attention.output.LayerNorm")
        y = self._linear(F.gelu(self._linear(x, f"{at}intermediate.dense")), f"{at}output.dense")
        return self._norm(x + y, f"{at}output.LayerNorm")

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self._w[f"{name}.weight"], self._w[f"{name}.bias"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return F.layer_norm(
            x, (WIDTH,), self._w[f"{name}.weight"], self._w[f"{name}.bias"], _LN_EPS
        )
