"""The same training step as bench_step.c in sentence-transformers, and both in turn.

    pip install torch==2.13.0 && pip install sentence-transformers==6.2.0
    python tests/bench/peer_step.py --tern build/tests/bench_step --model MODEL_FOLDER [--rounds 5]
    ... --pairs 512 --mini-batch 32        # CachedMultipleNegativesRankingLoss against all activations kept

64 pairs unless --pairs says otherwise, queries of 5 to 11 and passages of 48 to 108 tokens (random ids, the lengths of bench_step.c),
MultipleNegativesRankingLoss, AdamW, clipping at 1, dropout 0.1, float32, the same number of threads. Rounds alternate:
three steps of one, one run of the other; medians and the ratio of each round are printed. Only whoever repeats the
comparison needs this; tern and its tests do not.
"""
import argparse
import json
import os
import statistics
import subprocess
import time

import torch
from sentence_transformers import SentenceTransformer, losses


def lengths(pairs):
    return [5 + s % 7 for s in range(pairs)], [48 + s * 37 % 61 for s in range(pairs, 2 * pairs)]


def features(sizes, generator):
    """A padded batch, as the model's own collator makes it."""
    longest = max(sizes)
    ids = torch.zeros(len(sizes), longest, dtype=torch.long)
    mask = torch.zeros(len(sizes), longest, dtype=torch.long)
    for row, n in enumerate(sizes):
        ids[row, :n] = torch.randint(1000, 30522, (n,), generator=generator)
        mask[row, :n] = 1
    return {"input_ids": ids, "attention_mask": mask}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tern", required=True, help="the program bench_step")
    parser.add_argument("--model", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=64)
    parser.add_argument("--mini-batch", type=int, default=0, help="of the cached loss; 0: the plain loss")
    parser.add_argument("--steps", type=int, default=3, help="in each round")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    model = SentenceTransformer(args.model, device="cpu")
    model.train()
    loss = losses.MultipleNegativesRankingLoss(model)
    if args.mini_batch:
        loss = losses.CachedMultipleNegativesRankingLoss(model, mini_batch_size=args.mini_batch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, weight_decay=0.01)
    generator = torch.Generator().manual_seed(1)
    queries, passages = lengths(args.pairs)
    batch = [features(queries, generator), features(passages, generator)]
    tokens = sum(queries) + sum(passages)

    def step():
        start = time.perf_counter()
        optimizer.zero_grad()
        value = loss([dict(part) for part in batch], None)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return time.perf_counter() - start

    def tern():
        out = subprocess.run([args.tern, "--rounds", str(args.steps), "--threads", str(args.threads),
                              "--pairs", str(args.pairs)], check=True,
                             capture_output=True, text=True).stdout
        return json.loads(out)

    step()
    rounds = []
    for _ in range(args.rounds):
        peer = statistics.median(step() for _ in range(args.steps))
        own = tern()
        rounds.append({"peer": tokens / peer, "tern": own["tokens_per_second"],
                       "ratio": own["tokens_per_second"] * peer / tokens})
        print(json.dumps(rounds[-1]), flush=True)
    for key in ("peer", "tern", "ratio"):
        values = [r[key] for r in rounds]
        print(f"{key:6} median {statistics.median(values):9.2f}   from {min(values):.2f} to {max(values):.2f}")


if __name__ == "__main__":
    main()
