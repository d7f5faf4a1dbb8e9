"""The command line: `afterword train --config RECIPE --field value …`, `afterword write …`."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import Field

from afterword.commands.config import FIELDS, TrainConfig, kind, known, read_config, recipes

WORDS = {"true": True, "false": False}
METAVARS = {int: "N", float: "X", str: "TEXT", bool: "true|false"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; the exit status is 0 if it was done."""
    commands = argparse.ArgumentParser(prog="afterword", description="Language models that write.")
    some = commands.add_subparsers(metavar="COMMAND", required=True)
    add_settings(some.add_parser("train", help="train a model", **about()))
    add_writing(some.add_parser("write", help="let a model continue a text", allow_abbrev=False))
    words = sys.argv[1:] if arguments is None else arguments
    if list(words[:1]) == ["write"]:
        return write(commands.parse_args(words))
    found, unknown = commands.parse_known_args(words)
    return train(found, unknown, words[1:])


def write(found: argparse.Namespace) -> int:
    """Let a model write; what goes wrong is told in a sentence."""
    from afterword.commands.write import write_out  # torch, which takes seconds

    try:
        return write_out(found)
    except ValueError as error:
        print(f"afterword: {error}", file=sys.stderr)
        return 1


def train_main(arguments: Sequence[str] | None = None) -> int:
    """The same for `python -m afterword.training`, where the command is clear."""
    parser = argparse.ArgumentParser(prog="python -m afterword.training", **about())
    add_settings(parser)
    words = sys.argv[1:] if arguments is None else arguments
    return train(*parser.parse_known_args(words), words)


def train(found: argparse.Namespace, unknown: Sequence[str], words: Sequence[str]) -> int:
    """Run what was asked for; what goes wrong is told in a sentence."""
    try:
        config = to_config(found, unknown)
        if config.n_processes > 1 and "LOCAL_RANK" not in os.environ:
            launch(config.n_processes, words)
        from afterword.commands.train import run  # torch, which takes seconds; --help needs none

        return run(config, is_resumed=found.resume)
    except (ValueError, ConnectionError) as error:  # bad input; another process that is gone
        which = f" (process {os.environ['RANK']})" if "RANK" in os.environ else ""
        print(f"afterword{which}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("afterword: stopped at once; nothing was saved since", file=sys.stderr)
        return 130


def launch(n_processes: int, words: Sequence[str]) -> None:
    """Become torchrun, which starts the same command in each process; on one GPU, do nothing."""
    import torch

    if torch.cuda.is_available():
        n_processes = min(n_processes, torch.cuda.device_count())
    if n_processes > 1:
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # a core for each process
        start = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", n_processes]
        command = [sys.executable, *start, "-m", "afterword.training", *words]
        sys.stdout.flush()
        os.execv(sys.executable, list(map(str, command)))


def about() -> dict:
    """How a parser for training presents itself."""
    lines = "\n".join(f"  {name:<14} {what}" for name, what in recipes().items())
    return dict(
        usage="%(prog)s [-h] [--config RECIPE] [--resume] [--setting value …]",
        description="Train a model on a text, as a recipe or TOML file says, settings overridden.",
        epilog=f"recipes:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """An option for each field of TrainConfig, and the two that are none."""
    parser.add_argument("--config", metavar="RECIPE", help="a recipe's name, or a TOML file")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the newest checkpoint, if there is one"
    )
    settings = parser.add_argument_group("settings")
    for name, field in FIELDS.items():
        of, n = kind(field)
        several = {None: "?" if of is bool else None, 0: "+"}.get(n, n)
        settings.add_argument(
            f"--{name.replace('_', '-')}",
            nargs=several,
            const="true" if of is bool else None,
            metavar="|".join(field.metadata.get("choices", [METAVARS[of]])),
            default=argparse.SUPPRESS,
            help=described(field),
        )


def add_writing(parser: argparse.ArgumentParser) -> None:
    """What can be said after `afterword write`."""
    of = parser.add_argument
    of("model", help="the package's (writer), or the folder of a run")
    of("prompt", help="how the text begins; - reads it from standard input")
    of("--n-tokens", type=int, default=500, help="at most so many (default: %(default)s)")
    of("--temperature", type=float, default=1.0, help="below 1 plainer (default: %(default)s)")
    of("--top-k", type=int, metavar="K", help="draw from the K likeliest")
    of("--top-p", type=float, metavar="P", help="draw from the likeliest that make up the share P")
    of("--min-p", type=float, metavar="P", help="drop what is below P times the likeliest")
    of("--repetition", type=float, default=1.0, help="above 1 repeats less (default: %(default)s)")
    of("--seed", type=int, default=0, help="another one, another text (default: %(default)s)")
    of("--context-length", type=int, metavar="N", help="tokens in view (default: the model's own)")
    of("--device", help="cpu, cuda or mps; else CUDA when there is one")


def described(field: Field) -> str:
    """The help of a field, with its default.

    >>> described(FIELDS["n_kept"])
    'checkpoints kept, the newest ones (default: 2)'
    """
    default = field.default
    if isinstance(default, tuple):
        default = " ".join(map(str, default))
    ending = " (default: as the preset has it)" if "is_part" in field.metadata else ""
    if default is not None:
        ending = f" (default: {str(default).lower() if isinstance(default, bool) else default})"
    return (field.metadata["help"] + ending).replace("%", "%%")


def to_config(found: argparse.Namespace, unknown: Sequence[str]) -> TrainConfig:
    """The config that the command line asks for; a word it does not know is a ``ValueError``."""
    for word in unknown:
        if word.startswith("--"):
            known(word[2:].split("=")[0])
        raise ValueError(f"{word!r} is no option; write --field value")
    words = {name: value for name, value in vars(found).items() if name in FIELDS}
    return read_config(found.config, {name: parsed(name, word) for name, word in words.items()})


def parsed(name: str, words: str | list[str]):
    """Words as the field's type, or, where they are none of it, as they are: to be refused."""
    if isinstance(words, list):
        return [parsed(name, word) for word in words]
    of, _ = kind(FIELDS[name])
    try:
        return WORDS[words] if of is bool else of(words)
    except (KeyError, ValueError):
        return words
