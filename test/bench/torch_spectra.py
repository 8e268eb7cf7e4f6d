"""PyTorch's side of spectra.mjs: one request a line, one reply a line. Times are those of the decompositions alone.

    {"do": "exact", "matrices": [{"file": ..., "offset": ..., "rows": ..., "columns": ...}]}
    {"do": "lowrank", "matrices": [...], "rank": 32, "oversampling": 10, "niter": 4}
    {"do": "judge", "matrices": [...], "rank": 32, "ours": ...}

The reply has wall_s and cpu_s of all of them together; "exact" also the values. "judge" compares the last "lowrank", and
ours, of which the file has U, S and V^T of each matrix as f32, with the whole decompositions in f64.
"""

import argparse
import json
import sys
import time

import numpy as np
import torch


def load(matrix: dict) -> torch.Tensor:
    rows, columns = matrix["rows"], matrix["columns"]
    numbers = np.fromfile(matrix["file"], dtype="<f4", count=rows * columns, offset=matrix["offset"])
    return torch.from_numpy(numbers.reshape(rows, columns))


def timed(decompose, weights: list) -> tuple[list, dict]:
    wall, cpu = time.perf_counter(), time.process_time()
    found = [decompose(weight) for weight in weights]
    return found, {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def exact(weights: list, request: dict) -> dict:
    found, times = timed(torch.linalg.svdvals, weights)
    return {**times, "values": [values.tolist() for values in found]}


def lowrank(weights: list, request: dict) -> dict:
    rank, niter = request["rank"], request["niter"]
    q = rank + request["oversampling"]
    found, times = timed(lambda weight: torch.svd_lowrank(weight, q=q, niter=niter), weights)
    LAST[:] = [(u[:, :rank], s[:rank], v[:, :rank]) for u, s, v in found]
    return times


# A direction whose value stands out so far from the first that is left out is defined well enough to be looked for.
GAP = 1.05
LAST: list = []


def read_ours(request: dict) -> list:
    numbers, rank, at, triples = np.fromfile(request["ours"], dtype="<f4"), request["rank"], 0, []
    for matrix in request["matrices"]:
        parts = []
        for shape in ((matrix["rows"], rank), (rank,), (rank, matrix["columns"])):
            count = int(np.prod(shape))
            parts.append(torch.from_numpy(numbers[at : at + count].reshape(shape)))
            at += count
        u, s, vt = parts
        triples.append((u, s, vt.T))
    return triples


def angles(found: torch.Tensor, exact: torch.Tensor, defined: int) -> dict:
    """Of the principal angles to the exact directions: the largest to the defined ones, and all cosines squared."""
    basis, _ = torch.linalg.qr(found.double())
    beside = exact[:, :defined] - basis @ (basis.T @ exact[:, :defined])
    sine = float(torch.linalg.matrix_norm(beside, 2)) if defined > 0 else 0.0
    return {
        "largest_defined_degrees": float(np.degrees(np.arcsin(min(1.0, sine)))),
        "mean_cosine_squared": float((basis.T @ exact).square().sum() / exact.shape[1]),
    }


def judge(weights: list, request: dict) -> dict:
    rank = request["rank"]
    reply: dict = {"values": [], "ours": [], "torch": []}
    for weight, ours, theirs in zip(weights, read_ours(request), LAST):
        whole = weight.double()
        left, values, right = torch.linalg.svd(whole, full_matrices=False)
        defined = int((values[:rank] >= GAP * values[rank]).sum())
        best = values[:rank].square().sum()
        reply["values"].append(values.tolist())
        for name, (u, s, v) in (("ours", ours), ("torch", theirs)):
            rest = whole - (u.double() * s.double()) @ v.double().T
            reply[name].append(
                {
                    "share": float((whole.square().sum() - rest.square().sum()) / best),
                    "defined": defined,
                    "left": angles(u, left[:, :rank], defined),
                    "right": angles(v, right.T[:, :rank], defined),
                }
            )
    return reply


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, required=True)
    torch.set_num_threads(parser.parse_args().threads)
    torch.manual_seed(0)
    actions = {"exact": exact, "lowrank": lowrank, "judge": judge}
    for line in sys.stdin:
        request = json.loads(line)
        reply = actions[request["do"]]([load(matrix) for matrix in request["matrices"]], request)
        print(json.dumps(reply), flush=True)


main()
