"""A decoder of Llama's kind, in few lines: RMSNorm, rotary positions, grouped queries, SwiGLU.

Its parameters bear the names that they have in a GGUF file. Positions turn neighbouring columns
(2i, 2i + 1) of a head, as in Llama's first implementation and in GGUF's `llama`; nothing needs to
be permuted. The embedding is the head as well.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    vocabulary: int
    hidden: int = 256
    layers: int = 6
    heads: int = 8
    kv_heads: int = 2
    ffn: int = 448
    positions: int = 512
    rope_theta: float = 10_000.0
    epsilon: float = 1e-5

    @property
    def head_size(self) -> int:
        return self.hidden // self.heads


class RmsNorm(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape.hidden))
        self.epsilon = shape.epsilon

    def forward(self, x: Tensor) -> Tensor:
        x = x.float()
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.epsilon) * self.weight


class Block(nn.Module):
    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.shape = shape
        kv = shape.kv_heads * shape.head_size
        self.attn_norm = RmsNorm(shape)
        self.attn_q = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.attn_k = nn.Linear(shape.hidden, kv, bias=False)
        self.attn_v = nn.Linear(shape.hidden, kv, bias=False)
        self.attn_output = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.ffn_norm = RmsNorm(shape)
        self.ffn_gate = nn.Linear(shape.hidden, shape.ffn, bias=False)
        self.ffn_up = nn.Linear(shape.hidden, shape.ffn, bias=False)
        self.ffn_down = nn.Linear(shape.ffn, shape.hidden, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, turns: Tensor, mask: Tensor) -> Tensor:
        x = x + self.dropout(self.attention(self.attn_norm(x), turns, mask))
        y = self.ffn_norm(x)
        return x + self.dropout(self.ffn_down(functional.silu(self.ffn_gate(y)) * self.ffn_up(y)))

    def attention(self, x: Tensor, turns: Tensor, mask: Tensor) -> Tensor:
        """[batch, length, hidden] to the same."""
        batch, length, _ = x.shape
        size = self.shape.head_size
        # Each head of keys and values serves a group of heads of queries.
        groups = (batch, length, self.shape.kv_heads, -1, size)
        queries = turned(self.attn_q(x).view(groups), turns)
        keys = turned(self.attn_k(x).view(groups), turns)
        values = self.attn_v(x).view(groups).permute(0, 2, 3, 1, 4)
        scores = queries.permute(0, 2, 3, 1, 4) @ keys.permute(0, 2, 3, 4, 1) / math.sqrt(size)
        weights = self.dropout(torch.softmax(scores.float() + mask, -1)).to(values.dtype)
        mixed = (weights @ values).permute(0, 3, 1, 2, 4)
        return self.attn_output(mixed.reshape(batch, length, -1))


class Decoder(nn.Module):
    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.hidden)
        self.blk = nn.ModuleList(Block(shape, dropout) for _ in range(shape.layers))
        self.output_norm = RmsNorm(shape)
        self.dropout = nn.Dropout(dropout)
        angles = torch.outer(torch.arange(shape.positions).float(), frequencies(shape))
        mask = torch.full((shape.positions, shape.positions), -math.inf).triu(1)
        turns = torch.polar(torch.ones_like(angles), angles)
        self.register_buffer("turns", turns, persistent=False)
        self.register_buffer("mask", mask, persistent=False)
        self.apply(self.draw)

    def draw(self, module: nn.Module) -> None:
        """Weights before training; those that add to the stream are the smaller, the more add."""
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, Block):
            for weight in (module.attn_output.weight, module.ffn_down.weight):
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * self.shape.layers))

    def forward(self, tokens: Tensor) -> Tensor:
        """[batch, length] of tokens to [batch, length, vocabulary] of logits."""
        length = tokens.shape[1]
        x = self.dropout(self.token_embd(tokens))
        for block in self.blk:
            x = block(x, self.turns[:length, None, None], self.mask[:length, :length])
        return self.output_norm(x) @ self.token_embd.weight.T


def frequencies(shape: Shape) -> Tensor:
    """Of each pair of columns, radians per position (Su et al. 2021, RoFormer, section 3.2.2)."""
    return shape.rope_theta ** -(torch.arange(0, shape.head_size, 2).float() / shape.head_size)


def turned(x: Tensor, turns: Tensor) -> Tensor:
    """[..., head size], each pair of neighbours turned as a complex number."""
    pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * turns).flatten(-2).to(x.dtype)
