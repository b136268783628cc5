"""Trains the decoder on the tokens.

    python train.py WORK        reads WORK/tokens.npz, writes WORK/weights.npz

On a graphics card where there is one. The same seed gives the same run on the same machine and
version of PyTorch, and another, equally good one elsewhere.
"""

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from decoder import Decoder, Shape

LEARNING_RATE = 3e-3
WARM_UP_STEPS = 200
WEIGHT_DECAY = 0.1
GRADIENT_NORM_MAX = 1.0
BATCH = 32
REPORT_EVERY = 200


@dataclass(frozen=True)
class Corpus:
    end_of_text: int
    vocabulary: int
    trained: np.ndarray
    # Where paragraphs start in `trained`.
    paragraphs: np.ndarray
    held_out: np.ndarray
    held_out_bytes: int


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("work", type=Path)
    options.add_argument("--steps", type=int, default=4_000)
    options.add_argument("--dropout", type=float, default=0.3)
    options.add_argument("--seed", type=int, default=1811)
    chosen = options.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(chosen.seed)
    draw = np.random.default_rng(chosen.seed)
    corpus = read_corpus(chosen.work)
    decoder = Decoder(Shape(corpus.vocabulary), chosen.dropout).to(device)
    size = sum(weight.numel() for weight in decoder.parameters())
    print(f"{size} parameters, seed {chosen.seed}, {device.type}, PyTorch {torch.__version__}")
    train(decoder, corpus, chosen.steps, draw)
    weights = {name: weight.cpu().numpy() for name, weight in decoder.state_dict().items()}
    np.savez(chosen.work / "weights.npz", **weights)


def read_corpus(work: Path) -> Corpus:
    with np.load(work / "tokens.npz") as file:
        # Single numbers are held as arrays without dimensions.
        fields = {name: file[name] if file[name].ndim > 0 else file[name].item() for name in file}
    return Corpus(**fields)


def train(decoder: Decoder, corpus: Corpus, steps: int, draw: np.random.Generator) -> None:
    device = decoder.mask.device
    matrices = [weight for weight in decoder.parameters() if weight.ndim > 1]
    norms = [weight for weight in decoder.parameters() if weight.ndim == 1]
    optimiser = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": norms, "weight_decay": 0}],
        betas=(0.9, 0.95),
    )
    started = time.monotonic()
    for step in range(1, steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * rate(step, steps)
        windows = batch(corpus, decoder.shape.positions, draw).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            loss = loss_of(decoder, windows)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), GRADIENT_NORM_MAX)
        optimiser.step()
        if step % REPORT_EVERY == 0 or step == steps:
            per_token, per_byte = held_out_loss(decoder, corpus)
            seconds = time.monotonic() - started
            print(
                f"step {step}: loss {loss.item():.3f}, held out {per_token:.4f} nats per token, "
                f"{per_byte / math.log(2):.4f} bits per byte, {seconds:.0f} s",
                flush=True,
            )


def rate(step: int, steps: int) -> float:
    """Of the learning rate: up in a line, then down along a cosine to a hundredth."""
    if step < WARM_UP_STEPS:
        return step / WARM_UP_STEPS
    done = (step - WARM_UP_STEPS) / max(1, steps - WARM_UP_STEPS)
    return 0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2


def batch(corpus: Corpus, positions: int, draw: np.random.Generator) -> Tensor:
    """Windows of one token more than there are positions: END_OF_TEXT, then text from the start
    of a paragraph. A paragraph is the likelier, the longer it is."""
    places = draw.integers(len(corpus.trained) - positions, size=BATCH)
    starts = corpus.paragraphs[np.searchsorted(corpus.paragraphs, places, side="right") - 1]
    # What no window from the paragraph's start would reach begins one of its own.
    starts = np.where(places - starts < positions, starts, places)
    return windows_at(corpus.trained, starts, positions, corpus.end_of_text)


def windows_at(tokens: np.ndarray, starts: np.ndarray, positions: int, first: int) -> Tensor:
    text = tokens[starts[:, None] + np.arange(positions)].astype(np.int64)
    return torch.from_numpy(np.pad(text, ((0, 0), (1, 0)), constant_values=first))


def loss_of(decoder: Decoder, windows: Tensor) -> Tensor:
    logits = decoder(windows[:, :-1]).float()
    return functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())


@torch.no_grad()
def held_out_loss(decoder: Decoder, corpus: Corpus) -> tuple[float, float]:
    """Nats per token and per byte of the chapters held out, read in windows of full length that
    know nothing of what comes before."""
    decoder.eval()
    positions = decoder.shape.positions
    starts = np.arange(len(corpus.held_out) // positions) * positions
    windows = windows_at(corpus.held_out, starts, positions, corpus.end_of_text)
    total = 0.0
    for part in windows.split(BATCH):
        total += loss_of(decoder, part.to(decoder.mask.device)).item() * len(part)
    decoder.train()
    per_token = total / len(windows)
    return per_token, per_token * len(corpus.held_out) / corpus.held_out_bytes


if __name__ == "__main__":
    main()
