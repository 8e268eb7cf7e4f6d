"""
Writes test/fixtures/spectra: matrices of every sort, and their singular values as LAPACK finds them in f64; and changes
of weights by their factors, with their singular values and how they lie to the weights, by PyTorch's decompositions of
both. Run by hand, from a commit: PYTHON test/parity/make_spectra.py
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

here = Path(__file__).resolve().parent
sys.path.insert(0, str(here))

from reference.changes import relation  # noqa: E402
from reference.golden import committed, manifest  # noqa: E402

OUT = here.parent / "fixtures" / "spectra"
SEED = 7


def made_of(random: np.random.Generator, rows: int, columns: int, values: np.ndarray) -> np.ndarray:
    """A matrix with these singular values, and random singular vectors."""
    left, _ = np.linalg.qr(random.standard_normal((rows, len(values))))
    right, _ = np.linalg.qr(random.standard_normal((columns, len(values))))
    return (left * values) @ right.T


def matrices() -> dict[str, np.ndarray]:
    random = np.random.default_rng(SEED)
    normal = random.standard_normal
    steps = np.arange(40)
    index = np.arange(24)
    made = {
        "normal": normal((65, 65)),
        "tall": normal((97, 31)),
        "wide": normal((24, 120)),
        "row": normal((1, 37)),
        "column": normal((37, 1)),
        "number": normal((1, 1)),
        "flat": made_of(random, 48, 40, np.full(40, 2.0)),
        "clustered": made_of(random, 60, 40, np.repeat([3.0, 1.0, 1.0, 1e-3], 10)),
        "nearly equal": made_of(random, 40, 40, 1 + 1e-7 * steps),
        "power law": made_of(random, 50, 40, (1.0 + steps) ** -1.5),
        "huge condition": made_of(random, 40, 60, 10.0 ** (-steps)),
        "low rank": made_of(random, 50, 45, np.array([5.0, 4.0, 3.0])),
        "Hilbert": 1.0 / (1 + index[:, None] + index[None, :]),
        "ones": np.ones((30, 20)),
        "zero": np.zeros((9, 7)),
        "one of many": np.pad(np.array([[3.0]]), ((20, 11), (5, 22))),
        "graded": normal((40, 40)) * 10.0 ** (-np.arange(40) / 4),
        "bidiagonal": np.eye(33) + 0.999 * np.eye(33, k=1),
        "small": normal((30, 20)) * 1e-30,
        "large": normal((30, 20)) * 1e30,
        "denormal": normal((30, 20)) * 1e-42,
        "large and small": normal((30, 20)) * np.where(np.arange(20) % 2 == 0, 1e18, 1e-18),
    }
    return {name: matrix.astype(np.float32) for name, matrix in made.items()}


def changes() -> dict[str, dict[str, np.ndarray]]:
    """
    For each method a weight, and factors B and A of a change as training makes them. Those of PiSSA begin at the weight's
    top part, and LaMDA keeps the weight's right directions; both by the numbers of the weight in f64.
    """
    random = np.random.default_rng(SEED)
    normal = random.standard_normal
    made = {}
    for method, rows, columns, rank in (("lora", 40, 56, 6), ("pissa", 56, 40, 5), ("lamda", 48, 48, 6)):
        weight = made_of(random, rows, columns, (1.0 + np.arange(min(rows, columns))) ** -0.7).astype(np.float32)
        left, values, right = np.linalg.svd(weight.astype(np.float64), full_matrices=False)
        left, values, right = left[:, :rank], values[:rank], right[:rank]
        if method == "lora":
            b, a = 0.01 * normal((rows, rank)), normal((rank, columns))
        elif method == "pissa":
            first, second = left * np.sqrt(values), np.sqrt(values)[:, None] * right
            moved, turned = 0.02 * normal(first.shape), 0.02 * normal(second.shape)
            b, a = np.hstack([moved, first]), np.vstack([second + turned, turned])
        else:
            core = np.diag(values) + 0.05 * normal((rank, rank))
            b, a = (left + 0.02 * normal(left.shape)) @ core - left * values, right
        factors = {"weight": weight, "b": b, "a": a}
        made[method] = {name: np.ascontiguousarray(data, dtype=np.float32) for name, data in factors.items()}
        made[method]["rank"] = np.array([rank], dtype=np.float32)
    return made


def write_changes() -> None:
    made = changes()
    save_file(
        {f"{method}.{name}": data for method, parts in made.items() for name, data in parts.items()},
        OUT / "changes.safetensors",
    )
    found = {}
    for method, parts in made.items():
        weight, b, a = (torch.from_numpy(parts[name]) for name in ("weight", "b", "a"))
        found[method] = relation(weight, b.double() @ a.double(), int(parts["rank"][0]))
    (OUT / "changes.json").write_text(json.dumps(found, indent=1) + "\n")


def main() -> None:
    commit = committed(here)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    made = matrices()
    save_file(made, OUT / "matrices.safetensors")
    values = {name: np.linalg.svd(matrix.astype(np.float64), compute_uv=False) for name, matrix in made.items()}
    text = json.dumps({name: list(map(float, found)) for name, found in values.items()}, indent=1)
    (OUT / "values.json").write_text(text + "\n")
    write_changes()
    packages = ("numpy", "safetensors", "torch")
    record = manifest(OUT, "test/parity/make_spectra.py", commit, {"numpy": SEED}, packages)
    (OUT / "manifest.json").write_text(json.dumps(record, indent=2) + "\n")


main()
