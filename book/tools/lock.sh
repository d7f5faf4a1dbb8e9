#!/bin/sh
# Write constraints.txt from pyproject.toml: one file for every Python >= 3.11 and every system.
# It holds no address. torch is pinned by its public version, which CPU and CUDA builds share;
# torch pins its own CUDA packages itself, so they are left out.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
echo "torch==2.13.0" > "$tmp/torch.pin"
compile() {
    env -u UV_FIND_LINKS -u PIP_FIND_LINKS "${UV:-.venv/bin/uv}" pip compile "$@" \
        --universal --python-version 3.11 -c "$tmp/torch.pin" --upgrade --quiet \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links
}
compile pyproject.toml --all-extras > "$tmp/all.txt"
compile --group models --no-deps > "$tmp/models.txt"
{
    echo "# Written by \`make lock\` from pyproject.toml; do not edit."
    grep -vE '^(nvidia-|cuda-|triton)' "$tmp/all.txt"
    echo "# Data that come as packages, installed with --no-deps."
    cat "$tmp/models.txt"
} > "$tmp/constraints.txt"
mv "$tmp/constraints.txt" constraints.txt
