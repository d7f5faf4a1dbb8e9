"""What is seen of a run while it goes: one line, with speed and time left.

MFU, the model's share of the machine: FLOP/s of the steps (the formulas of ``model.count``) over
those that a large matrix product reaches here and now, on the same device and threads.
"""

import platform
import sys
import time
from collections import deque
from dataclasses import asdict

import torch
from tqdm import tqdm

import afterword
from afterword.commands.build import Job
from afterword.commands.results import Results
from afterword.model.config import Config
from afterword.model.count import backward_flops, forward_flops, parameters
from afterword.training.loop import Step

N_RECENT = 20  # steps over which speed is averaged
N_CPU, N_GPU = 1024, 8192  # rows of the product: large enough to be limited by arithmetic


def training_flops(config: Config) -> int:
    """FLOPs for each token of a step, there and back, in windows of context_length."""
    n = config.context_length
    return sum(forward_flops(config, n_positions=n).values()) + sum(
        backward_flops(config, n_positions=n).values()
    )


def product_limit(device: torch.device, dtype: torch.dtype = torch.float32) -> float:
    """FLOP/s of a large matrix product: the best of four."""
    n = N_GPU if device.type == "cuda" else N_CPU
    rng = torch.Generator(device).manual_seed(0)  # leaves the run's own numbers alone
    a, b = torch.randn(2, n, n, generator=rng, device=device, dtype=dtype)
    seconds = []
    for _ in range(4):
        begin = time.perf_counter()
        (a @ b).flatten()[0].item()  # waits until it is there
        seconds.append(time.perf_counter() - begin)
    return 2 * n**3 / min(seconds)


class Speed:
    """Tokens per second over the last steps, and their share of what the machine can do."""

    def __init__(self, *, flops_per_token: int, limit: float):
        self.flops_per_token, self.limit = flops_per_token, limit
        self._recent = deque(maxlen=N_RECENT)

    def add(self, n_tokens: int, seconds: float) -> None:
        self._recent.append((n_tokens, seconds))

    @property
    def tokens_per_second(self) -> float:
        n_tokens, seconds = map(sum, zip(*self._recent, strict=True))
        return n_tokens / seconds

    @property
    def mfu(self) -> float:
        return self.tokens_per_second * self.flops_per_token / self.limit


class Log:
    """Tells what happens, in the main process only: on the screen and in the results.

    ``start`` and ``seconds`` are the steps made, and the time spent in them, before a resumption.
    """

    def __init__(self, job: Job, *, start: int, seconds: float):
        self.is_main, self.seconds = job.is_main, seconds
        self.n_processes = job.n_processes
        with job.machine.precision():
            limit = product_limit(job.machine.device, job.machine.dtype or torch.float32)
        self.speed = Speed(flops_per_token=training_flops(job.shape), limit=limit * job.n_processes)
        self._results = None
        if job.is_main:
            head = header(job) | {"product_limit": limit}
            self._results = Results(job.config.run_folder, header=head, step=start)
        self._bar = tqdm(
            initial=start,
            total=job.config.n_steps,
            disable=not job.is_main,
            smoothing=0,  # time left from the whole run: evaluations count as well
            mininterval=0.2 if sys.stderr.isatty() else 10,  # a log needs fewer lines
            bar_format="{n_fmt}/{total_fmt} steps |{bar:20}| {remaining} left{postfix}",
        )

    def step(self, step: Step, seconds: float) -> None:
        n_tokens = step.n_tokens * self.n_processes
        self.seconds += seconds
        self.speed.add(n_tokens, seconds)
        speed, mfu = self.speed.tokens_per_second, self.speed.mfu
        line = f"loss {step.loss:.3f}, {speed:,.0f} tokens/s, MFU {mfu:.0%}"
        self._bar.set_postfix_str(line, refresh=False)
        self._bar.update()
        values = dict(loss=step.loss, gradient_norm=step.gradient_norm, factor=step.factor)
        values |= dict(n_tokens=n_tokens, seconds=self.seconds, tokens_per_second=speed, mfu=mfu)
        self._add("step", step.number, values)

    def evaluation(self, number: int, loss: float, bits: float) -> None:
        self.say(f"step {number}: validation {loss:.4f} nats per token, {bits:.4f} bits per byte")
        values = dict(loss=loss, bits_per_byte=bits, seconds=self.seconds)
        self._add("evaluation", number, values)

    def sample(self, number: int, text: str) -> None:
        self.say(f"step {number} writes:\n{text}\n")
        self._add("sample", number, dict(text=text))

    def say(self, text: str) -> None:
        if self.is_main:
            tqdm.write(text)

    def close(self) -> None:
        self._bar.close()
        if self._results:
            self._results.close()

    def _add(self, kind: str, number: int, values: dict) -> None:
        if self._results:
            self._results.add(kind, step=number, **values)


def header(job: Job) -> dict:
    """What the results file says of the run as a whole."""
    versions = dict(afterword=afterword.__version__, torch=torch.__version__)
    versions |= dict(python=platform.python_version())
    machine = dict(device=str(job.machine.device), n_threads=torch.get_num_threads())
    counts = dict(n_parameters=sum(parameters(job.shape).values()))
    counts |= dict(n_train=len(job.texts.train), n_validation=len(job.texts.validation))
    return dict(
        config=asdict(job.config),
        text=job.texts.fingerprint,
        versions=versions,
        **machine,
        **counts,
        n_processes=job.n_processes,
    )
