import os

import pytest
import torch
from hypothesis import settings

torch.set_num_threads(1)  # tiny tensors: threads only get in each other's way
settings.register_profile("afterword", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("afterword")


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)
