"""How cost grows with the batch, the texts' length, the width and the corpus, on one thread and on two, and a model of it
that says what more cores would do.

The model: a training step's seconds on one thread are a sum of work divided by rates, which are fitted to the cells
measured on one thread (least squares of relative errors, nothing below zero):

    seconds = linear / F1 + pairwise / F2 + bytes / B + fixed

On c threads the first is divided by c times the balance of its tiles of rows, pairwise by c, bytes by c up to the cores
that saturate the memory; what is fixed stays. The cells on two threads, which are not fitted, check it.
"""
import json
import math
import subprocess
import sys
from dataclasses import dataclass

import numpy
from scipy.optimize import nnls

import report

LAYERS, VOCABULARY, CHUNK, TILE = 6, 30522, 16384, 256
SATURATED_BY = 16  # cores; an assumption about large machines, not a measurement


@dataclass
class Cell:
    pairs: int
    length: int
    width: int

    @property
    def tokens(self):
        return 2 * self.pairs * self.length

    def work(self):
        """FLOPs of linear layers, FLOPs that grow with a square (attention, loss), bytes, 1."""
        weights = LAYERS * 12 * self.width ** 2
        passes = 8 if self.tokens > CHUNK else 6  # a multiply and an add: forward, twice that backward, forward again
        attention = 2 * passes * LAYERS * self.width * self.tokens * self.length
        loss = 6 * self.pairs ** 2 * self.width
        # Activations of width floats that a token's layer reads and writes, both ways; weights and their gradients
        # in products, AdamW and clipping; the embeddings' decay.
        moved = 4 * (50 * LAYERS * self.width * self.tokens + 12 * weights + 2 * VOCABULARY * self.width)
        return numpy.array([passes * weights * self.tokens, attention + loss, moved, 1.0])


BATCHES = [Cell(pairs, 8, 384) for pairs in (16, 64, 256, 1024, 4096)]
LENGTHS = [Cell(2048 // length, length, 384) for length in (8, 32, 128, 512)]
WIDTHS = [Cell(32, 32, width) for width in (128, 256, 384, 512, 768, 1024)]
CELLS = BATCHES + LENGTHS + WIDTHS
CORPORA = (1_000, 10_000, 100_000, 1_000_000)


def spread(cell, cores):
    """What each part of the work is divided by on so many cores."""
    tiles = math.ceil(min(cell.tokens, CHUNK) / TILE)
    balance = tiles / (cores * math.ceil(tiles / cores))
    return numpy.array([cores * balance, cores, min(cores, SATURATED_BY), 1.0])


def predict(rates, cell, cores):
    return float((cell.work() / spread(cell, cores)) @ rates)


def run(place, program, *arguments):
    command = [place.build / "tests" / program, *arguments]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr.strip())
    return json.loads(done.stdout)


def measure_cell(place, cell, threads):
    """Small steps more often: a cell takes seconds either way."""
    rounds = max(1, min(15, 30_000_000_000 // (cell.tokens * cell.width ** 2)))
    got = run(place, "bench_step", "--pairs", cell.pairs, "--length", cell.length, "--width", cell.width, "--layers",
              LAYERS, "--chunk-tokens", CHUNK, "--warm-up", 1 + (rounds > 1), "--rounds", rounds, "--threads", threads)
    print("  ", cell, f"{threads} threads: {got['step_seconds']:.3f} s", file=sys.stderr)
    return got


def fit(cells, seconds):
    matrix = numpy.array([cell.work() / s for cell, s in zip(cells, seconds)])
    scale = matrix.max(axis=0)
    rates, _ = nnls(matrix / scale, numpy.ones(len(cells)))
    return rates / scale


def rate(seconds_each, unit):
    return f"{1e-9 / seconds_each:.0f} {unit}" if seconds_each > 0 else "nothing that could be told"


def step_rows(cells, one, two, rates):
    rows = []
    for cell, a, b in zip(cells, one, two):
        predicted = predict(rates, cell, 2)
        rows.append([f"{cell.pairs:,}", str(cell.length), str(cell.width), f"{cell.tokens:,}",
                     f"{a['step_seconds']:.3f}", f"{b['step_seconds']:.3f}",
                     f"{a['step_seconds'] / b['step_seconds']:.2f}", f"{b['tokens_per_second']:,.0f}",
                     f"{predicted:.3f} ({100 * (predicted / b['step_seconds'] - 1):+.0f} %)",
                     f"{b['peak_memory_mb']:,.0f}"])
    return rows


def model_lines(rates, errors):
    return ["The model (tests/bench/costs.py): FLOPs of linear layers and FLOPs of attention and loss at a rate of their own, bytes at a",
            "third, and what is fixed, fitted to the cells on one thread: "
            f"{rate(rates[0], 'GF/s')}, {rate(rates[1], 'GF/s')}, {rate(rates[2], 'GB/s')},",
            f"{1000 * rates[3]:.1f} ms. On two threads, which it hasn't seen, it is off by {100 * numpy.median(errors):.0f} % in the median "
            f"and {100 * max(errors):.0f} % at most.",
            f"For more cores it divides linear layers by whole tiles of {TILE} rows, and assumes that {SATURATED_BY} cores saturate the "
            "memory.",
            "What it says of them is a prediction, not a measurement:"]


def prediction_rows(rates):
    rows = []
    for cell in (Cell(64, 43, 384), Cell(512, 43, 384), Cell(64, 43, 768)):
        alone = predict(rates, cell, 1)
        rows.append([f"{cell.pairs} pairs of 2 x 43 tokens, {cell.width} wide"] +
                    [f"{predict(rates, cell, c):.3f} s, {alone / predict(rates, cell, c):.1f} times" for c in (16, 32, 64)])
    return rows


def search_rows(place):
    rows = []
    for n in CORPORA:
        one, two = (run(place, "bench_topk", "--random", n, "--k", 100, "--threads", threads, "--rounds",
                        3 if n > 100_000 else 9) for threads in (1, 2))
        rows.append([f"{n:,}", f"{one['seconds']:.4f}", f"{two['seconds']:.4f}", f"{one['seconds'] / two['seconds']:.2f}",
                     f"{2e-9 * n * 384 * 1000 / two['seconds']:.0f}", f"{two['peak_memory_mb']:,.0f}"])
        print("  ", n, "vectors:", rows[-1], file=sys.stderr)
    return rows


def tables(place):
    """Lines of Markdown."""
    one, two = ([measure_cell(place, cell, threads) for cell in CELLS] for threads in (1, 2))
    rates = fit(CELLS, [got["step_seconds"] for got in one])
    errors = [abs(predict(rates, cell, 2) / got["step_seconds"] - 1) for cell, got in zip(CELLS, two)]
    head = ["pairs", "length", "width", "tokens", "1 thread, s", "2 threads, s", "times", "tokens/s", "model, s", "MB"]
    return [f"A training step, {LAYERS} layers, all texts of one length, at most {CHUNK:,} tokens with activations kept:", "",
            *report.table(head, step_rows(CELLS, one, two, rates)), "",
            *model_lines(rates, errors), "",
            *report.table(["step", "16 cores", "32 cores", "64 cores"], prediction_rows(rates)), "",
            "Exact search, 1,000 queries, 384 wide, the best 100:", "",
            *report.table(["corpus", "1 thread, s", "2 threads, s", "times", "GF/s", "MB"], search_rows(place))]
