"""Runs the jobs and prints or writes their figures; run-benchmarks starts it with the right Python."""
import argparse
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import report
from inputs import SOURCE, Missing
from jobs import JOBS, Place
from worker import Disagree, Spread, take_turns


def rates(ready, measurements, amount):
    return [ready["same"][amount] / m["seconds"] for m in measurements]


def rows_of(job, sides, ready, table):
    """The table's rows: one for each peer, or one for a figure without a peer."""
    today = str(datetime.date.today())
    if job.figure:
        figures = Spread([job.figure(row[0]) for row in table])
        return [[job.title, "", figures.text(4), "", "", job.asked, today]]
    columns = list(zip(*table))
    own = Spread(rates(ready, columns[0], job.amount)).text() + f" {job.amount}/s"
    rows = []
    for (label, _), column in list(zip(sides, columns))[1:]:
        ratio = Spread([peer["seconds"] / tern["seconds"] for tern, peer in zip(columns[0], column)])
        rows.append([job.title, label, own, Spread(rates(ready, column, job.amount)).text() + f" {job.amount}/s",
                     ratio.text(2), job.asked, today])
    return rows


def run(job, place, rounds):
    print(job.name, file=sys.stderr)
    try:
        sides = job.sides(place)
        ready, table = take_turns(sides, place.threads, job.rounds or rounds, job.tolerance)
        return rows_of(job, sides, ready, table)
    except Missing as reason:
        said = f"not available: {reason}"
    except Disagree as reason:
        said = f"no ratio, the two don't do the same: {reason}"
    return [[job.title, "", said.replace("|", " "), "", "", job.asked, str(datetime.date.today())]]


def sgemm_rate(place):
    out = subprocess.run([str(place.build / "tests/bench_step"), "--pairs", "4", "--rounds", "9", "--threads",
                          str(place.threads)], capture_output=True, text=True, check=True).stdout
    return json.loads(out)["sgemm_gflops"]


def measure_costs(place, described, write):
    import costs
    lines = ["", *described, "", *costs.tables(place), ""]
    print(*lines, sep="\n")
    if write:
        report.replace("costs", lines)


def arguments():
    parser = argparse.ArgumentParser(prog="run-benchmarks FOLDER")
    parser.add_argument("--folder", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--only", action="append", choices=[job.name for job in JOBS], metavar="NAME",
                        help="this job alone; may be given several times: " + ", ".join(job.name for job in JOBS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--build", type=Path, default=SOURCE / "build", help="tern's build folder")
    parser.add_argument("--write", action="store_true", help="renew the tables of docs/performance.md")
    parser.add_argument("--costs", action="store_true", help="how cost grows, instead of the jobs: about 10 minutes")
    parser.add_argument("--list", action="store_true", help="print the jobs")
    args = parser.parse_args()
    if args.rounds < 1 or args.threads < 1:
        parser.error("--rounds and --threads take 1 or more")
    return args


def main():
    args = arguments()
    if args.list:
        for job in JOBS:
            print(f"{job.name:10} {job.title}")
        return
    place = Place(args.folder.resolve(), args.build.resolve(), args.threads)
    if not (place.build / "tests/bench_step").exists():
        raise SystemExit(f"{place.build}: bench_step isn't built there; name the build folder with --build")
    described = report.machine(sgemm_rate(place), args.threads)
    if args.costs:
        measure_costs(place, described, args.write)
        return
    chosen = [job for job in JOBS if not args.only or job.name in args.only]
    print(*described, "", *report.table(report.HEAD, []), sep="\n", flush=True)
    rows = []
    for job in chosen:
        fresh = run(job, place, args.rounds)
        print(*("| " + " | ".join(row) + " |" for row in fresh), sep="\n", flush=True)
        rows += fresh
    if args.write:
        report.write_benchmarks(rows, [job.title for job in JOBS], described)


if __name__ == "__main__":
    main()
