"""`afterword write`: a trained model continues a text, letter by letter, on the terminal."""

import argparse
import codecs
import sys
from collections.abc import Iterator

import torch

from afterword.interop.writers import load_writer
from afterword.runtime import choose_device
from afterword.sampling import filters as kept
from afterword.sampling.generate import stream
from afterword.sampling.penalties import repetition
from afterword.sampling.vocabulary import token_bytes


def write_out(asked: argparse.Namespace) -> int:
    """Write to standard output; Ctrl-C ends the text and is no error."""
    device = choose_device(asked.device)
    model, tokenizer = load_writer(asked.model)
    prompt = sys.stdin.read() if asked.prompt == "-" else asked.prompt
    tokens = stream(
        model.to(device),
        [tokenizer.encode(prompt)],
        context_length=asked.context_length or model.config.context_length,
        rng=torch.Generator(device).manual_seed(asked.seed),
        filters=chosen(asked),
        beyond="jump",
        n_tokens=asked.n_tokens,
    )
    print(prompt, end="", flush=True)
    try:
        for piece in pieces(tokens, tokenizer):
            print(piece, end="", flush=True)
    except KeyboardInterrupt:
        pass
    print()
    return 0


def chosen(asked: argparse.Namespace) -> list[kept.Filter]:
    """The filters that the command line asks for, in the usual order."""
    some = [repetition(asked.repetition)] if asked.repetition != 1 else []
    some.append(kept.temperature(asked.temperature))
    for name in ("top_k", "top_p", "min_p"):
        value = getattr(asked, name)
        if value is not None:
            some.append(getattr(kept, name)(value))
    return some


def pieces(tokens: Iterator[torch.Tensor], tokenizer) -> Iterator[str]:
    """The text of each token as soon as its characters are whole."""
    spelled = token_bytes(tokenizer)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for token in tokens:
        yield decoder.decode(spelled[int(token)] or b"")
    yield decoder.decode(b"", final=True)
