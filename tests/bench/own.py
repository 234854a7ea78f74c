"""tern's side where a measurement is a process from its start, so that nothing is warm but the disk's pages.

    python own.py start --build build --threads 2
    python own.py open --build build --model FOLDER --threads 2
    python own.py tokenize --build build --model FOLDER --texts T.jsonl --threads 2
    python own.py int8 --build build --model FOLDER --threads 2
    python own.py mine --build build --model FOLDER --rows R.jsonl --corpus C.jsonl --precision float32 --threads 2
"""
import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from inputs import SOURCE, data_folder
from peers import serve


def output(command):
    """The JSON object that a command prints; its complaint ends this program too."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr.strip() or f"{command[0]} ended with status {done.returncode}")
    return json.loads(done.stdout)


def tokenize(args, folder):
    """The first pass of a new process: no word has been seen before."""
    command = [args.build / "tests/bench_tokenize", args.model, args.texts, "--rounds", "1", "--threads", args.threads]
    first = output(command)
    ready = {"same": {"tokens": first["tokens"], "ids": first["ids"]}, "close": {}}
    return ready, lambda: {"seconds": output(command)["first_seconds"]}


def first_step(command, folder):
    """Seconds from the start of the process to the beginning of its first step."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = ""
    for line in process.stderr:
        said = line
        if line.split()[:1] == ["step"]:
            break
    end = time.perf_counter()
    process.kill()
    process.communicate()
    if not said.startswith("step"):
        raise SystemExit(said.strip() or "tern train ended without a step")
    with open(folder / "metrics.jsonl", encoding="utf-8") as file:
        return {"seconds": end - start - json.loads(file.readline())["seconds"]}


def start(args, folder):
    """recipes/scifact.yaml without evaluation; a first run leaves the token ids in the cache."""
    os.environ["TERN_DATA"] = str(data_folder())
    command = [str(args.build / "tern"), "train", str(SOURCE / "recipes/scifact.yaml"), "--no-eval", "--force",
               "--threads", args.threads, "--set", f"output.dir={folder}"]
    first_step(command, folder)
    return {"same": {}, "close": {}}, lambda: first_step(command, folder)


def open_model(args, folder):
    """A new process opens the model: its files are in the system's cache, nothing else is."""
    text = folder / "one.txt"
    text.write_text("how do vaccines work\n", encoding="utf-8")
    command = [args.build / "tests/bench_encode", "--model", args.model, "--texts", text, "--rounds", "1",
               "--threads", args.threads]
    return {"same": {}, "close": {}}, lambda: {"seconds": output(command)["open_seconds"]}


def int8(args, folder):
    """What int8 loses of NDCG@10 on SciFact's test set."""
    os.environ["TERN_STORE"] = "off"  # texts are encoded each time
    command = [args.build / "tern", "eval", args.model, data_folder() / "scifact", "--json", "--threads", args.threads]

    def ndcg(*more):
        result = output(command + list(more))
        return result["metrics"]["ndcg_at_10"], result["seconds"]

    def both():
        exact, _ = ndcg()
        coarse, seconds = ndcg("--precision", "int8")
        return {"seconds": seconds, "float32": exact, "int8": coarse, "loss": exact - coarse}

    return {"same": {}, "close": {}}, both


def mine(args, folder):
    """tern mine as a user starts it, from reading the files to the rows and the audit; no vector is there before."""
    os.environ["TERN_STORE"] = "off"
    recipe = {"model": str(args.model), "data": {"train": {"file": os.path.abspath(args.rows)}},
              "loss": "multiple_negatives_ranking", "output": {"dir": str(folder / "run")},
              "mine": {"corpus": os.path.abspath(args.corpus), "num_negatives": 4, "range_max": 100,
                       "relative_margin": 0.05, "near_duplicates": 0}}
    (folder / "recipe.yaml").write_text(json.dumps(recipe), encoding="utf-8")
    command = [args.build / "tern", "mine", folder / "recipe.yaml", "--output", folder / "rows.jsonl", "--force", "--quiet",
               "--json", "--precision", args.precision, "--threads", args.threads]
    audit = output(command)
    ready = {"same": {"queries": audit["queries"]}, "close": {"negatives": audit["negatives"]}}

    def once():
        begin = time.perf_counter()
        output(command)
        return {"seconds": time.perf_counter() - begin}

    return ready, once


def main():
    jobs = {"start": start, "open": open_model, "tokenize": tokenize, "int8": int8, "mine": mine}
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=jobs)
    parser.add_argument("--build", type=Path, required=True)
    for name in ("--model", "--texts", "--rows", "--corpus", "--precision", "--threads"):
        parser.add_argument(name)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        serve(*jobs[args.job](args, Path(folder)))


if __name__ == "__main__":
    main()
