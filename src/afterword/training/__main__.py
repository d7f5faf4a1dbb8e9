"""`python -m afterword.training`, for launchers: `torchrun -m afterword.training --config baby`."""

import sys

from afterword.commands.arguments import train_main

if __name__ == "__main__":
    sys.exit(train_main())
