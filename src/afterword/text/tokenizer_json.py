"""The file ``tokenizer.json``: a byte-level BPE vocabulary as Hugging Face libraries keep it.

JSON has no bytes, so a token is written with one character for each byte: a printable byte is
itself, the n-th of the others is character 256 + n. A space becomes Ġ, a line break Ċ.

Source: the mapping, Radford et al. 2019 (GPT-2); the format, the ``tokenizers`` library.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from afterword.text.bpe_training import GPT2_ORDER, PRINTABLE, Pair

Vocabulary = tuple[list[bytes], list[Pair], dict[str, int]]

CHARACTERS = {
    byte: chr(byte if byte in PRINTABLE else 256 + n - len(PRINTABLE))
    for n, byte in enumerate(GPT2_ORDER)
}
BYTES = {ord(character): byte for byte, character in CHARACTERS.items()}

# What a file must say for our ids to be those of ``tokenizers``, and what it says when silent.
REQUIRED = {
    ("model", "type"): ["BPE", None],
    ("model", "continuing_subword_prefix"): [None, ""],
    ("model", "end_of_word_suffix"): [None, ""],
    ("model", "dropout"): [None, 0.0],
    ("model", "byte_fallback"): [False, None],
    ("model", "ignore_merges"): [False, None],
    ("pre_tokenizer", "type"): ["ByteLevel"],
    ("pre_tokenizer", "add_prefix_space"): [False],
    ("pre_tokenizer", "use_regex"): [True, None],
    ("normalizer",): [None],
    ("truncation",): [None],
    ("padding",): [None],
    ("post_processor", "type"): [None, "ByteLevel"],
}


def to_characters(token: bytes) -> str:
    """A token as the file spells it.

    >>> to_characters(b" to")
    'Ġto'
    """
    return "".join(CHARACTERS[byte] for byte in token)


def to_bytes(spelling: str) -> bytes:
    """The token that the file spells so; a character that stands for no byte is a ``ValueError``.

    >>> to_bytes("Ġto")
    b' to'
    """
    try:
        return bytes(BYTES[ord(character)] for character in spelling)
    except KeyError as error:
        raise ValueError(
            f"the token {spelling!r} has {chr(error.args[0])!r}, which stands for no byte: the "
            "vocabulary is not byte-level; use a file of GPT-2's kind"
        ) from error


def write(
    path: Path, tokens: Sequence[bytes], merges: Sequence[Pair], special_tokens: Mapping[str, int]
) -> None:
    """Write the file whole or not at all: under another name first, then renamed."""
    content = to_json(tokens, merges, special_tokens)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def to_json(
    tokens: Sequence[bytes], merges: Sequence[Pair], special_tokens: Mapping[str, int]
) -> dict:
    """What the file holds, as ``json.dumps`` takes it."""
    spellings = [to_characters(token) for token in tokens]
    for token, id in special_tokens.items():
        if token in spellings[:id] + spellings[id + 1 :]:
            raise ValueError(
                f"the special token {token!r} is spelled like another token; choose a spelling "
                "that no token has"
            )
        spellings[id] = token
    flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    byte_level = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": id, "content": token, **flags} for token, id in special_tokens.items()
        ],
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {spelling: id for id, spelling in enumerate(spellings)},
            "merges": [f"{spellings[left]} {spellings[right]}" for left, right in merges],
        },
    }


def read(path: Path) -> Vocabulary:
    """Tokens, merges and special tokens of a file; what is wrong with it is a ``ValueError``."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"it is not JSON ({error}); give a tokenizer.json, whole") from error
    check_layout(content)
    check_settings(content)
    vocab, special_tokens = content["model"]["vocab"], special_ids(content["added_tokens"])
    ids = vocab | {token: vocab.get(token, id) for token, id in special_tokens.items()}
    check_ids(ids, special_tokens)
    tokens = [b""] * len(ids)
    for spelling, id in ids.items():
        tokens[id] = spelling.encode() if spelling in special_tokens else to_bytes(spelling)
    return tokens, [to_pair(entry, ids) for entry in content["model"]["merges"]], special_tokens


def check_layout(content: object) -> None:
    """Refuse a file that has not the parts of a BPE, each of its kind."""
    model = content.get("model") if isinstance(content, dict) else None
    if not isinstance(model, dict) or not {"vocab", "merges"} <= model.keys():
        kind = model.get("type") if isinstance(model, dict) else model
        raise ValueError(
            f"it has no BPE model with vocab and merges, but {json.dumps(kind)}; give the "
            "tokenizer.json of a byte-level BPE"
        )
    vocab, merges, added = model["vocab"], model["merges"], content.setdefault("added_tokens", [])
    if not (
        isinstance(vocab, dict)
        and all(type(id) is int for id in vocab.values())
        and isinstance(merges, list)
        and isinstance(added, list)
        and all(isinstance(token, dict) for token in added)
        and all(type(token.get("id")) is int for token in added)
        and all(isinstance(token.get("content"), str) for token in added)
    ):
        raise ValueError(
            "its vocab, merges and added_tokens must be a table of ids, a list, and a list of "
            "tokens with id and content; write the file again with the tokenizers library"
        )


def check_settings(content: dict) -> None:
    """Refuse a file that asks for something this package does not do."""
    for names, allowed in REQUIRED.items():
        value = content
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        if value not in allowed:
            raise ValueError(
                f"its {'.'.join(names)} is {json.dumps(value)}, wanted {json.dumps(allowed[0])}; "
                "only byte-level BPE as in GPT-2 is read here, so use the tokenizers library"
            )


def special_ids(added_tokens: list[dict]) -> dict[str, int]:
    """The id of each special token; other kinds of added tokens are refused."""
    for token in added_tokens:
        odd = [flag for flag in ("single_word", "lstrip", "rstrip") if token.get(flag)]
        odd += [] if token.get("special") else ["not special"]
        if odd:
            raise ValueError(
                f"its added token {token['content']!r} is {', '.join(odd)}; only plain special "
                "tokens are read here, so use the tokenizers library"
            )
    return {token["content"]: token["id"] for token in added_tokens}


def check_ids(ids: Mapping[str, int], special_tokens: Mapping[str, int]) -> None:
    """Refuse ids that are not 0, 1, 2 … without a gap, each for one token."""
    for token, id in special_tokens.items():
        if ids[token] != id:
            raise ValueError(
                f"its special token {token!r} has id {id}, but {ids[token]} in the vocab; keep one"
            )
    free = set(range(len(ids))) - set(ids.values())
    if free:
        raise ValueError(
            f"its {len(ids)} tokens leave id {min(free)} free; number them from 0 without gaps"
        )


def to_pair(entry: object, ids: Mapping[str, int]) -> Pair:
    """A merge as ids; the file may say ``"a b"`` or ``["a", "b"]``.

    >>> to_pair("Ġ t", {"Ġ": 220, "t": 83})
    (220, 83)
    """
    spellings = entry.split(" ") if isinstance(entry, str) else entry
    if not isinstance(spellings, list) or len(spellings) != 2:
        raise ValueError(f'its merge {entry!r} is not a pair; write it "a b" or ["a", "b"]')
    for spelling in spellings:
        if not isinstance(spelling, str) or spelling not in ids:
            raise ValueError(
                f"its merge {entry!r} has {spelling!r}, which is no token of the vocabulary; take "
                "vocab and merges from the same tokenizer"
            )
    return ids[spellings[0]], ids[spellings[1]]
