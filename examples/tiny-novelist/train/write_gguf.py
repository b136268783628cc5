"""Writes the decoder and its tokens as a GGUF file, matrices in blocks of eight bits (Q8_0).

    python write_gguf.py WORK FILE        reads WORK/weights.npz, WORK/tokenizer.json
"""

import json
import sys
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, TokenType, quants

from decoder import Shape
from vocabulary import END_OF_TEXT

NAME = "Tiny Novelist"
DESCRIPTION = (
    "Continues English prose in the manner of Jane Austen. Trained by the Brume project on her six "
    "novels alone, which are in the public domain."
)
# SPDX, of the weights; what they were trained on has none.
LICENCE = "Apache-2.0"


def main(work: Path, path: Path) -> None:
    vocabulary = json.loads((work / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    weights = dict(np.load(work / "weights.npz"))
    writer = GGUFWriter(path, "llama")
    add_description(writer)
    add_shape(writer, Shape(len(vocabulary["vocab"])))
    add_tokens(writer, vocabulary)
    for name, weight in weights.items():
        kind = GGMLQuantizationType.Q8_0 if weight.ndim > 1 else GGMLQuantizationType.F32
        writer.add_tensor(name, quants.quantize(weight, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(f"{path}: {path.stat().st_size} bytes")


def add_description(writer: GGUFWriter) -> None:
    writer.add_type("model")
    writer.add_name(NAME)
    writer.add_description(DESCRIPTION)
    writer.add_license(LICENCE)
    writer.add_languages(["en"])
    writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(2)


def add_shape(writer: GGUFWriter, shape: Shape) -> None:
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.positions)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.ffn)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_rope_freq_base(shape.rope_theta)
    writer.add_layer_norm_rms_eps(shape.epsilon)


def add_tokens(writer: GGUFWriter, vocabulary: dict) -> None:
    """In GPT-2's spelling, in which every byte is a printable character."""
    tokens = sorted(vocabulary["vocab"], key=vocabulary["vocab"].get)
    end_of_text = tokens.index(END_OF_TEXT)
    types = [TokenType.NORMAL] * len(tokens)
    types[end_of_text] = TokenType.CONTROL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges([" ".join(pair) for pair in vocabulary["merges"]])
    writer.add_bos_token_id(end_of_text)
    writer.add_eos_token_id(end_of_text)
    writer.add_add_bos_token(True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
