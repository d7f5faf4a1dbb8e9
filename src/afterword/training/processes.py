"""Several processes that make each step together, through Hugging Face Accelerate.

    machine = Processes()
    model, optimizer = machine.prepare(model, optimizer)
    for step in train(model, machine.share(batches), optimizer=optimizer, machine=machine, …):

Each process takes its rows of every batch, and all exchange gradients: a step is that of the
whole batch. How many there are, where, and whether they share out the weights as well, is said
where they are started:

    torchrun --nproc-per-node 2 -m afterword.training …
    accelerate launch --multi_gpu --num_processes 2 -m afterword.training …
    accelerate launch --use_fsdp --fsdp_version 2 --fsdp_transformer_layer_cls_to_wrap Block …

(``accelerate launch --cpu`` starts one process, whatever ``--num_processes`` says.)
"""

import contextlib
import os
from collections.abc import Iterable, Iterator

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType, gather_object
from torch import Tensor, nn

from afterword.training.loop import IGNORED, Batch
from afterword.training.machines import OneDevice
from afterword.training.optimizers import Muon

PRECISIONS = {"no": None, "bf16": torch.bfloat16, "fp16": torch.float16}


class ProcessLost(ConnectionError):
    """Another process ended or cannot be reached, so no further step can be made."""


class Processes(OneDevice):
    """This process and its fellows, on GPUs where there are some, else on the CPU.

    ``dtype`` and ``matmul`` as for ``OneDevice``; without a ``dtype`` the launcher's
    ``--mixed_precision`` holds. A process that does not hear from another raises ``ProcessLost``.
    """

    def __init__(self, *, dtype: torch.dtype | None = None, matmul: str = "highest"):
        asked = os.environ.get("ACCELERATE_MIXED_PRECISION", "no")
        if asked not in PRECISIONS:
            raise ValueError(f"mixed precision {asked!r} is not one of {', '.join(PRECISIONS)}")
        # autocast and loss scaling are OneDevice's own, so that one process and several agree;
        # without being told that it is on a CPU, accelerate leaves each process alone there
        on_cpu = not torch.cuda.is_available()
        self.accelerator = Accelerator(cpu=on_cpu, mixed_precision="no")
        super().__init__(self.accelerator.device, dtype=dtype or PRECISIONS[asked], matmul=matmul)
        self.n_processes = self.accelerator.num_processes
        self.rank = self.accelerator.process_index
        self.is_main = self.rank == 0
        self._check_sharding()

    @property
    def is_sharded(self) -> bool:
        """Whether each process holds only its piece of every weight."""
        return self.accelerator.distributed_type == DistributedType.FSDP

    def prepare(
        self, model: nn.Module, optimizer: torch.optim.Optimizer
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        """The model that the processes step together, and its optimizer. Load checkpoints after.

        All begin with the weights of the first process.
        """
        for one in getattr(optimizer, "optimizers", [optimizer]) if self.is_sharded else []:
            if isinstance(one, Muon) or type(one).__name__ == "Muon":
                raise ValueError(
                    "Muon needs whole matrices, and sharded weights are in pieces; take adamw, or "
                    "start without --use_fsdp"
                )
        with self._exchange():
            model, wrapped = self.accelerator.prepare(model, optimizer)
        return model, wrapped.optimizer  # the wrapper only repeats what OneDevice does

    def unwrap(self, model: nn.Module) -> nn.Module:
        """The model as it was before ``prepare``: for evaluation and samples in one process."""
        return self.accelerator.unwrap_model(model)

    def share(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Of every batch the rows of this process: rank, rank + n_processes, …

        All processes must draw the same batches: their generators begin with the same seed.
        """
        n = self.n_processes
        for inputs, targets in batches:
            if len(inputs) % n:
                raise ValueError(
                    f"a batch of {len(inputs)} rows cannot be shared evenly by {n} processes; take "
                    f"a batch_size that {n} divides, and leave out a shorter last batch"
                )
            counts = [int((targets[rank::n] != IGNORED).sum()) for rank in range(n)]
            if len(set(counts)) > 1:  # the mean of the processes' means would not be the mean
                raise ValueError(
                    f"the processes would have {counts} targets that count; fill the rows so that "
                    "each has as many, or use one process"
                )
            yield inputs[self.rank :: n], targets[self.rank :: n]

    @contextlib.contextmanager
    def together(self, model: nn.Module, is_last: bool):
        alone = contextlib.nullcontext() if is_last else self.accelerator.no_sync(model)
        with self._exchange(), alone:
            yield

    def clip(
        self,
        parameters: Iterable[Tensor],
        *,
        optimizer: torch.optim.Optimizer,
        max_norm: float,
    ) -> float:
        if not self.is_sharded:
            return super().clip(parameters, optimizer=optimizer, max_norm=max_norm)
        with self._exchange():
            norm = nn.utils.clip_grad_norm_(list(parameters), max_norm)
            return norm.full_tensor().item()

    def mean(self, loss: float) -> float:
        if self.n_processes == 1:
            return loss
        value = torch.tensor(loss, dtype=torch.float64, device=self.device)
        with self._exchange():
            return self.accelerator.reduce(value, reduction="mean").item()

    def gather(self, value: object) -> list:
        """What every process gave, by rank."""
        with self._exchange():
            return gather_object([value])

    @contextlib.contextmanager
    def _exchange(self):
        try:
            yield
        except RuntimeError as error:
            if isinstance(error, torch.distributed.DistError) or "gloo" in str(error):
                raise ProcessLost(
                    f"process {self.rank} of {self.n_processes} cannot reach another, which has "
                    "ended or lost its connection; nothing was updated. Start the run again: it "
                    "goes on from the last checkpoint"
                ) from error
            raise

    def _check_sharding(self) -> None:
        asked = os.environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true"
        if asked and not self.is_sharded:
            raise ValueError(
                f"sharded weights were asked for, but accelerate shards only over several GPU "
                f"processes, and this is {self.n_processes} on {self.device.type}; start without "
                "--use_fsdp"
            )
        if self.is_sharded and self.accelerator.state.fsdp_plugin.fsdp_version != 2:
            raise ValueError("weights are sharded by FSDP 2 only; start with --fsdp_version 2")
        if self.is_sharded and self.dtype == torch.float16:
            raise ValueError("float16 with sharded weights is not supported; take bfloat16")
