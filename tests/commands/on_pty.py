"""Runs a command on a pseudo terminal that is resized meanwhile, and holds each line it draws against the width.

    on_pty.py [--draws N] WIDTHS COMMAND...    e.g. on_pty.py 200,80,40 tern train toy.yaml

Stdout and stderr are the terminal. After N lines (3) at one width the next width comes; after the last the command gets
Ctrl-C, unless it has ended by itself. Exit status 0 when no line was longer than the terminal that it was drawn on, and
at least one was drawn at each width; what was drawn goes to stdout, with its width.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
import unicodedata


def set_width(terminal, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


def columns_of(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def check(lines, width):
    bad = 0
    for line in lines:
        drawn = "\x1b[K" in line
        line = line.replace("\x1b[K", "")
        if line:
            print(f"{width:4d} {columns_of(line):4d} {line}")
            # A word that is longer than a line of text is left whole, so that it can be copied.
            bad += columns_of(line) > width and (drawn or " " in line.strip())
    return bad


def main():
    words = sys.argv[1:]
    draws = 3
    if words[0] == "--draws":
        draws, words = int(words[1]), words[2:]
    widths, command = [int(w) for w in words[0].split(",")], words[1:]
    child, terminal = pty.fork()
    if child == 0:
        set_width(0, widths[0])
        os.environ["TERM"] = "xterm"
        os.environ.pop("COLUMNS", None)
        os.execvp(command[0], command)
    bad, rest, at, pending, last = 0, "", 0, [], time.time()
    missing = set(widths)
    while time.time() - last < 20:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:
            data = b""
        if not data:
            break
        last = time.time()
        *lines, rest = re.split(r"[\r\n]+", rest + data.decode("utf-8", "replace"))
        pending += [line for line in lines if line]
        if len(pending) >= draws and at < len(widths):
            bad += check(pending, widths[at])
            missing.discard(widths[at])
            at += 1
            if at == len(widths):
                os.kill(child, signal.SIGINT)
                continue
            set_width(terminal, widths[at])
            # What stands half drawn, or waits to be read, was meant for the old width.
            time.sleep(0.15)
            while select.select([terminal], [], [], 0)[0] and os.read(terminal, 65536):
                pass
            pending, rest = [], ""
    if at < len(widths):
        bad += check(pending + [rest], widths[at])
        missing.discard(widths[at])
    os.waitpid(child, 0)
    if bad or missing:
        print(f"{bad} lines were longer than the terminal; nothing drawn at {sorted(missing)}", file=sys.stderr)
        sys.exit(1)


main()
