"""Checks the file against the decoder that was trained, and writes what other programs must get.

    python check.py WORK FILE REFERENCE.json

Prints the loss on the chapters held out, with the weights as the file rounds them, and samples.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader, quants
from tokenizers import Tokenizer

from decoder import Decoder, Shape
from train import held_out_loss, read_corpus

PROMPTS = [
    "It is a truth universally acknowledged",
    "Emma was",
    '"I cannot dance," said',
    "She looked out of the window, and saw",
]
# Logits of the likeliest next tokens that the reference gives.
REFERENCE_LOGITS = 16
SAMPLE_TOKENS = 80
TEMPERATURE = 0.7
TOP_P = 0.9
SEED = 1811


def main(work: Path, path: Path, reference: Path) -> None:
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    decoder = decoder_of(path)
    corpus = read_corpus(work)
    per_token, per_byte = held_out_loss(decoder, corpus)
    decoder.eval()
    print(f"held out {per_token:.4f} nats per token, {per_byte / math.log(2):.4f} bits per byte")
    cases = []
    for prompt in PROMPTS:
        tokens = [corpus.end_of_text, *tokenizer.encode(prompt).ids]
        cases.append({"prompt": prompt, "tokens": tokens, "next": likeliest(decoder, tokens)})
        print(f"\n{tokenizer.decode(sample(decoder, tokens))}")
    lines = ",\n".join(json.dumps(case) for case in cases)
    reference.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def decoder_of(path: Path) -> Decoder:
    """With the shape and the weights that the file gives."""
    reader = GGUFReader(path)

    def value(key: str) -> int | float:
        return reader.get_field(f"llama.{key}").contents()

    shape = Shape(
        vocabulary=value("vocab_size"),
        hidden=value("embedding_length"),
        layers=value("block_count"),
        heads=value("attention.head_count"),
        kv_heads=value("attention.head_count_kv"),
        ffn=value("feed_forward_length"),
        positions=value("context_length"),
        rope_theta=value("rope.freq_base"),
        epsilon=value("attention.layer_norm_rms_epsilon"),
    )
    decoder = Decoder(shape)
    weights = {part.name: quants.dequantize(part.data, part.tensor_type) for part in reader.tensors}
    decoder.load_state_dict({name: torch.tensor(weight) for name, weight in weights.items()})
    return decoder


@torch.no_grad()
def likeliest(decoder: Decoder, tokens: list[int]) -> list[list[float]]:
    """Pairs of a token that may be next and its logit, the largest first."""
    values, places = decoder(torch.tensor([tokens]))[0, -1].topk(REFERENCE_LOGITS)
    return [[token, round(logit, 5)] for token, logit in zip(places.tolist(), values.tolist())]


@torch.no_grad()
def sample(decoder: Decoder, tokens: list[int]) -> list[int]:
    draw = np.random.default_rng(SEED)
    tokens = list(tokens)
    for _ in range(SAMPLE_TOKENS):
        logits = decoder(torch.tensor([tokens]))[0, -1]
        chances, places = torch.softmax(logits / TEMPERATURE, -1).sort(descending=True)
        kept = int((chances.cumsum(0) < TOP_P).sum()) + 1
        chosen = chances[:kept].double().numpy()
        tokens.append(int(places[draw.choice(kept, p=chosen / chosen.sum())]))
        if tokens[-1] == tokens[0]:
            break
    return tokens


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(*(Path(argument) for argument in sys.argv[1:]))
