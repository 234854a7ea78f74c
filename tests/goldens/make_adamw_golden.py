#!/usr/bin/env python3
"""Writes adamw.json: six steps of torch.optim.AdamW in float64 with clip_grad_norm_, over a matrix that decays, a bias
that doesn't, and a table of which each step touches few rows; and adamw_idle.json: the same with parameters whose grad is
None in some of the steps, which torch passes by. Made with torch 2.13."""
import json
import os

import torch

torch.set_num_threads(1)
shapes = {"matrix": (3, 5), "bias": (1, 5), "table": (6, 4)}
touched = [[0, 2], [2], [5, 0], [], [1, 2], [2]]


def run(idle):
    """idle: the names without a gradient, of each step; None: no step has such."""
    torch.manual_seed(7)
    start = {k: torch.randn(s).float() for k, s in shapes.items()}
    weights = {k: torch.nn.Parameter(v.double()) for k, v in start.items()}
    optimizer = torch.optim.AdamW(
        [{"params": [weights["matrix"], weights["table"]], "weight_decay": 0.1},
         {"params": [weights["bias"]], "weight_decay": 0.0}], lr=1.0)
    steps = []
    for t, rows in enumerate(touched):
        grads = {k: (torch.randn(s) * (0.1 if t % 2 else 2.0)).float() for k, s in shapes.items()}
        keep = torch.zeros(6, 1)
        keep[rows] = 1
        grads["table"] = grads["table"] * keep
        without = idle[t] if idle else []
        for k, g in grads.items():
            weights[k].grad = None if k in without else g.double()
        norm = torch.nn.utils.clip_grad_norm_(weights.values(), 1.0)
        rate = 0.01 * (t + 1)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        step = {"learning_rate": rate, "rows": [] if "table" in without else rows, "norm": norm.item(),
                "grads": {k: g.flatten().tolist() for k, g in grads.items() if k not in without},
                "weights": {k: w.detach().flatten().tolist() for k, w in weights.items()}}
        steps.append({"idle": without, **step} if idle else step)
    return {"weight_decay": 0.1, "max_norm": 1.0, "shapes": shapes,
            "start": {k: v.flatten().tolist() for k, v in start.items()}, "steps": steps}


def write(name, golden):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    with open(path, "w") as f:
        json.dump(golden, f, indent=1)
        f.write("\n")


write("adamw.json", run(None))
write("adamw_idle.json", run([["bias"], [], ["matrix"], ["matrix", "bias", "table"], ["table"], ["bias"]]))
