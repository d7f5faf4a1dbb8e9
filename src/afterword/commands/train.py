"""`afterword train`: one run from its config to its last checkpoint, or on from the newest.

In the run's folder: ``config.toml``, ``results.jsonl``, ``events`` (TensorBoard) and a folder for
each checkpoint. Several processes go through all of this together; one prints and writes.
"""

import shlex
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path

from afterword.commands.build import Job, build
from afterword.commands.config import TrainConfig, read_config, to_toml
from afterword.commands.progress import Log
from afterword.commands.results import NAME
from afterword.evaluation.likelihood import bits_per_byte, mean_loss
from afterword.interop.writers import descriptions, tokenizer_to_json
from afterword.runtime import keep_freed_memory
from afterword.sampling.generate import write
from afterword.training.checkpoints import load_checkpoint, newest, save_checkpoint
from afterword.training.loop import Diverged, Step, train

N_SAMPLE = 200  # tokens of a sample
N_EVALUATED = 4096  # tokens evaluated at once, or a batch if that is more
# What may be another after a resumption: it changes no step already made, nor how steps are made.
FREE = {"folder", "name", "device", "compile", "n_steps", "n_cooldown", "n_kept"}
FREE |= {"evaluate_every", "save_every", "sample_every", "validation_context"}


def run(config: TrainConfig, *, is_resumed: bool = False) -> int:
    """Train, and return the exit status: 0, or 128 plus the signal that asked to stop.

    With ``is_resumed`` from the newest checkpoint of the run's folder, if there is one.
    """
    folder = config.run_folder
    found = newest(folder)
    if not is_resumed and (found or (folder / NAME).exists()):
        raise ValueError(
            f"{folder} holds a run already; go on with it by --resume, or give another --name"
        )
    if found:
        check_same(read_config(found / "config.toml", {}), config)
    keep_freed_memory()
    job = build(config)
    start, seconds = restore(job, found) if found else (0, 0.0)
    if start >= config.n_steps:
        if job.is_main:
            print(f"{folder} is complete: {start} of {config.n_steps} steps are made")
        return 0
    if job.is_main:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text(to_toml(config), encoding="utf-8")
    with closing(Log(job, start=start, seconds=seconds)) as log, Interrupt() as interrupt:
        return follow(job, log, interrupt, start=start)


def follow(job: Job, log: "Log", interrupt: "Interrupt", *, start: int) -> int:
    """Go through the steps from ``start`` on, and do what is due after each."""
    config, last = job.config, job.config.n_steps
    steps = train(
        job.stepped,
        job.batches,
        optimizer=job.optimizer,
        schedule=job.schedule,
        start=start,
        n_accumulate=config.n_accumulate,
        max_norm=config.max_norm,
        machine=job.machine,
    )
    try:
        for step, seconds in timed(steps):
            n = step.number
            log.step(step, seconds)
            if is_due(n, config.evaluate_every, last):
                log.evaluation(n, *evaluate(job))
            if is_due(n, config.sample_every, last):
                log.sample(n, sample(job))
            stopped = job.machine.mean(float(interrupt.signal)) > 0  # in any of the processes
            if stopped or is_due(n, config.save_every, last):
                save(job, step=n, seconds=log.seconds)
            if stopped and n < last:
                log.say(f"stopped after step {n}, which is saved; to go on: {go_on(config)}")
                return 128 + (interrupt.signal or signal.SIGTERM)
    except Diverged as error:
        raise ValueError(complaint(error, config)) from error
    log.say(f"done; the weights are in {newest(config.run_folder)}")
    return 0


def timed(steps: Iterator[Step]) -> Iterator[tuple[Step, float]]:
    """Each step with the seconds it took, what is done between steps left out."""
    begin = time.perf_counter()
    for step in steps:
        yield step, time.perf_counter() - begin
        begin = time.perf_counter()


def is_due(number: int, every: int, last: int) -> bool:
    return number == last or (every > 0 and number % every == 0)


def evaluate(job: Job) -> tuple[float, float]:
    """Loss over the whole validation text, computed as in training: nats per token, bits per byte.

    The text's first token, which nothing precedes, is taken to cost as much as the mean.
    """
    ids = job.texts.validation
    n_context = job.config.validation_context or job.shape.context_length
    job.model.eval()
    with job.machine.precision(), job.machine.autocast():
        loss = mean_loss(
            lambda inputs: job.model(inputs).float(),
            ids,
            context_length=n_context,
            batch_size=max(job.config.batch_size, N_EVALUATED // n_context),
        )
    job.model.train()
    return loss, bits_per_byte(loss, n_tokens=len(ids), n_bytes=job.texts.n_bytes)


def sample(job: Job) -> str:
    """What the model writes after the first words of the validation text."""
    job.model.eval()
    with job.machine.precision(), job.machine.autocast():
        text = write(
            lambda ids: job.model(ids).float(),
            job.texts.tokenizer,
            job.texts.prompt,
            n_tokens=N_SAMPLE,
            context_length=job.shape.context_length,
            rng=job.rngs["samples"],
        )
    job.model.train()
    return text


def save(job: Job, *, step: int, seconds: float) -> None:
    about = descriptions(job.shape, job.texts.tokenizer)
    save_checkpoint(
        job.config.run_folder,
        step=step,
        model=job.model,
        optimizer=job.optimizer,
        machine=job.machine,
        rngs=job.rngs,
        files={"config.toml": to_toml(job.config)} | about,
        extra={"text": job.texts.fingerprint, "seconds": seconds},
        n_kept=job.config.n_kept,
    )


def restore(job: Job, path: Path) -> tuple[int, float]:
    """Put the job where the checkpoint was: steps made, and seconds spent in them."""
    other = f"{path} was trained on another text or tokenizer; give the same, or another --name"
    if (path / "tokenizer.json").read_text(encoding="utf-8") != tokenizer_to_json(
        job.texts.tokenizer
    ):
        raise ValueError(other)
    checkpoint = load_checkpoint(
        path, model=job.model, optimizer=job.optimizer, machine=job.machine, rngs=job.rngs
    )
    if checkpoint.extra["text"] != job.texts.fingerprint:
        raise ValueError(other)
    return checkpoint.step, checkpoint.extra["seconds"]


def check_same(began: TrainConfig, now: TrainConfig) -> None:
    """Raise ``ValueError`` if the run would go on as another than it began."""
    names = [field.name for field in fields(TrainConfig) if field.name not in FREE]
    other = [name for name in names if getattr(began, name) != getattr(now, name)]
    if other:
        was = ", ".join(f"{name} {getattr(began, name)}" for name in other)
        asked = ", ".join(f"{name} {getattr(now, name)}" for name in other)
        raise ValueError(
            f"{now.run_folder} began with {was}, this asks for {asked}; go on as it began, or give "
            "another --name"
        )


def go_on(config: TrainConfig) -> str:
    """The command that continues the run."""
    path = shlex.quote(str(config.run_folder / "config.toml"))
    return f"afterword train --config {path} --resume"


def complaint(error: Diverged, config: TrainConfig) -> str:
    first, last = (error.step - 1) * config.n_accumulate + 1, error.step * config.n_accumulate
    which = f"batch {last}" if first == last else f"batches {first} to {last}"
    found = newest(config.run_folder)
    good = f"the last good checkpoint is {found}" if found else "no checkpoint was saved before"
    return f"{error}. It was {which} of seed {config.seed}; {good}"


class Interrupt:
    """Lets the step be finished that Ctrl-C, or a request to end, comes into; a second ends all."""

    def __enter__(self) -> "Interrupt":
        self.signal = 0  # that came
        self._before = {
            one: signal.signal(one, self._ask) for one in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(self, *error) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def _ask(self, number: int, frame) -> None:
        self.signal = number
        self.__exit__()
