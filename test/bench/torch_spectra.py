"""PyTorch's side of spectra.mjs: one request a line, one reply a line. Times are those of the decompositions alone.

    {"do": "exact", "matrices": [{"file": ..., "offset": ..., "rows": ..., "columns": ...}]}
    {"do": "lowrank", "matrices": [...], "rank": 32, "oversampling": 10, "niter": 4}

The reply has wall_s and cpu_s of all of them together; "exact" also the values, "lowrank" the energy of W that each
approximation of that rank takes away: ||W||^2 - ||W - U S V^T||^2, in f64.
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


def captured(weight: torch.Tensor, u: torch.Tensor, s: torch.Tensor, v: torch.Tensor) -> float:
    whole = weight.double()
    rest = whole - (u.double() * s.double()) @ v.double().T
    return float(whole.square().sum() - rest.square().sum())


def lowrank(weights: list, request: dict) -> dict:
    rank, niter = request["rank"], request["niter"]
    q = rank + request["oversampling"]
    found, times = timed(lambda weight: torch.svd_lowrank(weight, q=q, niter=niter), weights)
    energies = [
        captured(weight, u[:, :rank], s[:rank], v[:, :rank]) for weight, (u, s, v) in zip(weights, found)
    ]
    return {**times, "captured": energies}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, required=True)
    torch.set_num_threads(parser.parse_args().threads)
    torch.manual_seed(0)
    actions = {"exact": exact, "lowrank": lowrank}
    for line in sys.stdin:
        request = json.loads(line)
        reply = actions[request["do"]]([load(matrix) for matrix in request["matrices"]], request)
        print(json.dumps(reply), flush=True)


main()
