"""What the fuzzing programs have in common: options, commands that are asked, and counts that are told at the end."""

import argparse
import collections
import json
import subprocess
import sys


def options(count, **more):
    """The parser of a fuzzing program that draws so many programs where nothing is said."""
    a = argparse.ArgumentParser()
    a.add_argument("qgan")
    for name, choices in more.items():
        a.add_argument(name, choices=choices)
    a.add_argument("--count", type=int, default=count, help="how many programs")
    a.add_argument("--first", type=int, default=0, help="number of the first program")
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--device", action="append", default=[])
    return a


def ask(args):
    """What a command prints, or None, and what it says beside."""
    p = subprocess.run(args, capture_output=True, text=True, timeout=300)
    return p.stdout if p.returncode == 0 else None, p.stderr


def probabilities(args):
    """The law of words that a command prints as JSON, or None, and what it says beside."""
    out, why = ask(args)
    return None if out is None else json.loads(out)["probabilities"], why


class Tally:
    """Counts of what happened to the programs, why some were refused, and how often laws differed."""

    def __init__(self):
        self.counts, self.reasons, self.wrong = collections.Counter(), collections.Counter(), 0

    def count(self, what):
        self.counts[what] += 1

    def refused(self, what, why):
        self.counts[what] += 1
        self.reasons[why] += 1

    def differs(self, text):
        self.wrong += 1
        print(text, flush=True)

    def end(self):
        """Tells all and ends the program, with 1 where laws differed."""
        for name, n in sorted(self.counts.items()):
            print(f"{n:6} {name}")
        for why, n in self.reasons.most_common(30):
            print(f"{n:6} times: {why}")
        print(f"{self.wrong} disagreements")
        sys.exit(self.wrong > 0)
