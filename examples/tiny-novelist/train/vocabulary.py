"""The tokens: byte pairs learnt from the text, and the text as tokens.

    python vocabulary.py WORK        writes WORK/tokenizer.json, WORK/tokens.npz

A byte-level BPE with GPT-2's split into words, so that any bytes can be a prompt.
"""

import json
import sys
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

SIZE = 2048
# Begins every text and ends it.
END_OF_TEXT = "<|endoftext|>"
PARAGRAPH_END = "\n"
# Of every so many chapters, one is never trained on.
HELD_OUT_EVERY = 20


def main(work: Path) -> None:
    chapters = json.loads((work / "chapters.json").read_text(encoding="utf-8"))
    held_out = chapters[HELD_OUT_EVERY // 2 :: HELD_OUT_EVERY]
    trained = [chapter for chapter in chapters if chapter not in held_out]
    tokenizer = learn([paragraph for chapter in trained for paragraph in chapter])
    tokenizer.save(str(work / "tokenizer.json"))
    tokens, paragraphs = encoded(tokenizer, trained)
    held_out_tokens, _ = encoded(tokenizer, held_out)
    held_out_bytes = sum(len(text.encode()) + 1 for chapter in held_out for text in chapter)
    np.savez_compressed(
        work / "tokens.npz",
        end_of_text=tokenizer.token_to_id(END_OF_TEXT),
        vocabulary=tokenizer.get_vocab_size(),
        trained=tokens,
        paragraphs=paragraphs,
        held_out=held_out_tokens,
        held_out_bytes=held_out_bytes,
    )
    print(f"{len(trained)} chapters of {len(tokens)} tokens to train on")
    print(f"{len(held_out)} chapters of {len(held_out_tokens)} tokens held out")


def learn(paragraphs: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator((text + PARAGRAPH_END for text in paragraphs), trainer)
    return tokenizer


def encoded(tokenizer: Tokenizer, chapters: list[list[str]]) -> tuple[np.ndarray, np.ndarray]:
    """The chapters one after another, each closed by END_OF_TEXT, and where paragraphs start."""
    end_of_text = tokenizer.token_to_id(END_OF_TEXT)
    tokens: list[int] = []
    starts: list[int] = []
    for chapter in chapters:
        for text in chapter:
            starts.append(len(tokens))
            tokens += tokenizer.encode(text + PARAGRAPH_END).ids
        tokens.append(end_of_text)
    return np.array(tokens, dtype=np.uint16), np.array(starts, dtype=np.int64)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
