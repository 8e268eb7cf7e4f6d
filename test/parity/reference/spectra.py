"""Singular values by LAPACK."""

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

SHAPES = ((576, 576), (192, 576), (1536, 576), (576, 1536), (300, 301))
SEED = 11


def write_random(out: Path) -> None:
    """Matrices of the shapes of a small model, with a decay like that of trained ones."""
    generator = torch.Generator().manual_seed(SEED)
    matrices = {}
    for rows, columns in SHAPES:
        matrix = torch.randn(rows, columns, generator=generator) * 0.02
        outliers = torch.randn(rows, 8, generator=generator) @ torch.randn(8, columns, generator=generator)
        matrices[f"random.{rows}x{columns}"] = matrix + 0.05 * outliers
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(matrices, out)


def singular_values(file: Path, name: str) -> dict:
    """What LAPACK finds in f32 and in f64 for a matrix of a safetensors file, descending."""
    with safe_open(file, framework="pt") as tensors:
        weight = tensors.get_tensor(name)
    return {
        "single": torch.linalg.svdvals(weight).tolist(),
        "double": torch.linalg.svdvals(weight.double()).tolist(),
    }
