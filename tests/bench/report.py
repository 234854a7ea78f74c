"""The machine in words, and the tables of docs/performance.md."""
import datetime
import os
import platform
import re
import subprocess
import time
from importlib import metadata

from inputs import SOURCE

PAGE = SOURCE / "docs" / "performance.md"
PACKAGES = ("torch", "sentence-transformers", "onnxruntime", "faiss-cpu", "bm25s", "tokenizers")
HEAD = ["work", "beside", "tern", "peer", "ratio by pairs", "aim", "date"]


def cpu():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    model = re.search(r"model name\s*: (.*)", text)
    flags = set(re.search(r"flags\s*: (.*)|$", text).group(1).split())
    sets = [name for name in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8") if name in flags]
    return (model.group(1) if model else platform.machine()) + (f" ({', '.join(sets)})" if sets else "")


def commit():
    def git(*arguments):
        return subprocess.run(["git", "--no-optional-locks", "-C", str(SOURCE), *arguments], capture_output=True, text=True).stdout.strip()
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" and changes" if git("status", "--porcelain") else "")


def busy_elsewhere(seconds=2):
    """The share of all processors that ran something in these seconds, in which the script itself sleeps."""
    def times():
        with open("/proc/stat", encoding="utf-8") as file:
            numbers = [int(word) for word in file.readline().split()[1:9]]
        return sum(numbers), numbers[3] + numbers[4]
    all_before, idle_before = times()
    time.sleep(seconds)
    all_after, idle_after = times()
    return 1 - (idle_after - idle_before) / max(1, all_after - all_before)


def machine(sgemm, threads):
    """Lines that say where figures come from. sgemm: GF/s."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    busy = busy_elsewhere()
    return [f"- {cpu()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GB, {platform.system()} {platform.release()}",
            f"- {threads} threads; sgemm of OpenBLAS reaches {sgemm:.0f} GF/s on them",
            f"- tern at commit {commit()}; Python {platform.python_version()}, {versions}",
            f"- {datetime.date.today()}, processors {busy:.0%} busy with other work" +
            (": **too busy for figures to count**" if busy > 0.1 else "")]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def section(text, name):
    """What stands before, between and after the markers of a name."""
    parts = re.split(rf"(?m)^<!-- /?{name} -->$", text)
    if len(parts) != 3:
        raise SystemExit(f"{PAGE}: it needs <!-- {name} --> and <!-- /{name} -->, each once on a line of its own")
    return parts


def replace(name, lines):
    before, _, after = section(PAGE.read_text(encoding="utf-8"), name)
    PAGE.write_text(f"{before}<!-- {name} -->\n" + "\n".join(lines) + f"\n<!-- /{name} -->{after}", encoding="utf-8")


def rows_there():
    """The benchmark rows of the page by work and peer."""
    lines = section(PAGE.read_text(encoding="utf-8"), "benchmarks")[1].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return {(row[0], row[1]): row for row in rows[2:]}, lines


def write_benchmarks(rows, order, described):
    """Renews the rows that were measured. Rows of another machine go, so that the table is of one."""
    old, lines = rows_there()
    if described[0] not in lines:
        old = {}
    measured = {row[0] for row in rows}
    kept = [row for key, row in old.items() if key[0] in order and key[0] not in measured]
    both = sorted(kept + rows, key=lambda row: order.index(row[0]))
    replace("benchmarks", ["", *described, "", *table(HEAD, both), ""])
