"""Programs that are asked for one measurement at a time, and turns between several."""
import json
import os
import statistics
import subprocess
import sys
import tempfile

from inputs import Missing


class Disagree(Exception):
    """Two sides that don't do the same work."""


class Worker:
    """A program started with command; ready holds its first line."""

    def __init__(self, command, threads):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), RAYON_NUM_THREADS=str(threads),
                           TOKENIZERS_PARALLELISM="true", HF_HUB_OFFLINE="1")
        self.errors = tempfile.TemporaryFile(mode="w+")
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                            stderr=self.errors, env=environment)
        except OSError as error:
            raise Missing(f"{command[0]}: {error.strerror}") from None
        self.ready = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            said = self.errors.read().strip().splitlines()
            raise Missing(said[-1] if said else f"it ended with status {self.process.returncode}")
        return json.loads(line)

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()


def check(own, peer, label, tolerance):
    """Refuses sides whose ids differ, or whose numbers are further apart than tolerance (None: not compared)."""
    for key, value in own["same"].items():
        if peer["same"].get(key) != value:
            raise Disagree(f"{key} {value} against {peer['same'].get(key)} of {label}")
    if tolerance is None:
        return
    for key, value in own["close"].items():
        other = peer["close"].get(key)
        if other is None or not abs(value - other) <= tolerance * max(1, abs(value)):
            raise Disagree(f"{key} {value} against {other} of {label}")


def take_turns(sides, threads, rounds, tolerance):
    """Measurements [rounds][sides] of (label, command) pairs, the first of which is tern, and tern's ready line. Each
    round begins with the next side."""
    workers = []
    try:
        for label, command in sides:
            workers.append(Worker([str(part) for part in command], threads))
            check(workers[0].ready, workers[-1].ready, label, tolerance)
        table = []
        for r in range(rounds):
            row = [None] * len(workers)
            for i in range(len(workers)):
                at = (r + i) % len(workers)
                row[at] = workers[at].measure()
            table.append(row)
            print("  round", r + 1, *(f"{label}: {m['seconds']:.4f} s" for (label, _), m in zip(sides, row)),
                  sep="  ", file=sys.stderr)
        return workers[0].ready, table
    finally:
        for worker in workers:
            worker.close()


class Spread:
    """Median, least and greatest of a side's figures."""

    def __init__(self, values):
        self.median, self.least, self.most = statistics.median(values), min(values), max(values)

    def text(self, digits=None):
        digits = digits if digits is not None else 0 if self.median >= 1000 else 1 if self.median >= 100 else 2
        return f"{self.median:,.{digits}f} ({self.least:,.{digits}f} to {self.most:,.{digits}f})"
