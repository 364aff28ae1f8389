#!/usr/bin/env python3
"""Runs a program under LD_DEBUG=bindings and fails if a system library bound a symbol into one of Arrow's bundled ones.

usage: check_bindings.py PROGRAM
"""
import os
import re
import subprocess
import sys
import tempfile

BINDING = re.compile(r"binding file (\S+) \[\d+\] to (\S+) \[\d+\]: \w+ symbol `([^']+)'")
# Data of the C++ library itself (typeinfo, unique tags) is one per process on purpose.
STANDARD_DATA = re.compile(r"_Z(T[ISV]|GVZ|Z)N?(St|Sa|Ss|9__gnu_cxx)")
WHEEL = re.compile(r"/lib(arrow|parquet)[^/]*\.so")


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as scratch:
        env = dict(os.environ, LD_DEBUG="bindings", LD_DEBUG_OUTPUT=os.path.join(scratch, "log"), LD_BIND_NOW="1")
        done = subprocess.run([program], env=env, capture_output=True, text=True)
        if done.returncode != 0:
            print(f"{program} failed ({done.returncode}): {done.stderr}")
            return 1
        text = "".join(open(os.path.join(scratch, name)).read() for name in os.listdir(scratch))
    bindings = BINDING.findall(text)
    if len(bindings) < 1000:
        print(f"only {len(bindings)} bindings were seen: the loader's log was not understood")
        return 1
    bad = [(source, target, symbol) for source, target, symbol in bindings
           if WHEEL.search(target) and not STANDARD_DATA.match(symbol) and not WHEEL.search(source) and os.path.realpath(source) != os.path.realpath(program)]
    for source, target, symbol in bad[:20]:
        print(f"{source} took {symbol} from {target}")
    print(f"{len(bindings)} bindings, {len(bad)} into a bundled library")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
