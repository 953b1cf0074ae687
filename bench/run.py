#!/usr/bin/env python3
"""Runs the benchmark suite on several engines, side by side in one run.

usage: run.py [--brisk PATH] [-e ENGINES] [-b PROGRAMS] [-s S|L] [-n RUNS] [-o FILE.json]

  --brisk PATH   the brisk command (default: target/release/brisk below the current folder)
  -e ENGINES     comma list out of: brisk brisk-nojit brisk-plain brisk-peeling lua luajit luajit-joff node c
                 (default: brisk,brisk-nojit,lua,luajit,c; what is not installed is left out)
  -b PROGRAMS    comma list (default: all of scales.txt)
  -s S|L         problem size (S: seconds for a slow interpreter, L: seconds for a fast one)
  -n RUNS        counted runs of each cell, interleaved engine by engine; the minimum is kept

A cell is CPU seconds (user + system) of the whole process. A wrong output is a failure: it is shown as
WRONG, and the exit status is 1. The last lines are geometric means of the ratio to `lua` over the
programs that both completed: smaller is faster. Absolute seconds mean nothing on a shared machine.
"""
import argparse, json, math, os, re, resource, shutil, subprocess, sys, tempfile

# The programs, their sizes and expected outputs lie beside this file, under programs/.
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")


def engines(brisk):
    """name -> (language folder, command prefix)"""
    return {
        "brisk": ("ms", [brisk, "run"]),
        "brisk-nojit": ("ms", [brisk, "run", "--jit", "off"]),
        "brisk-plain": ("ms", [brisk, "run", "--no-peeling", "--no-inlining"]),
        "brisk-peeling": ("ms", [brisk, "run", "--no-inlining"]),
        "lua": ("lua", ["lua5.4"]),
        "luajit": ("lua", ["luajit"]),
        "luajit-joff": ("lua", ["luajit", "-joff"]),
        "node": ("js", ["node"]),
        "c": ("c", []),
    }


def scales():
    rows = {}
    with open(os.path.join(HERE, "scales.txt")) as f:
        for line in f:
            words = line.split("#")[0].split()
            if words:
                rows[words[0]] = {"S": int(words[1]), "L": int(words[2])}
    return rows


def prepare(folder, language, program, n):
    """Writes the program with its scale set to n; returns the command's last words, or None."""
    source = os.path.join(HERE, language, f"{program}.{language}")
    if not os.path.exists(source):
        return None
    with open(source) as f:
        text, count = re.subn(r"(N = )\d+(.*@scale)", lambda m: m.group(1) + str(n) + m.group(2), f.read(), count=1)
    assert count == 1, f"{source}: no @scale line"
    path = os.path.join(folder, f"{program}_{n}.{language}")
    with open(path, "w") as f:
        f.write(text)
    if language != "c":
        return [path]
    binary = path + ".bin"
    subprocess.run(["gcc", "-O2", "-I", os.path.join(HERE, "c"), "-o", binary, path, "-lm"], check=True)
    return [binary]


def once(command, timeout):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
    except subprocess.TimeoutExpired:
        return None, b"timeout"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, done.stdout if done.returncode == 0 else b"exit status %d: " % done.returncode + done.stdout[-300:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brisk", default=os.path.join("target", "release", "brisk"))
    parser.add_argument("-e", default="brisk,brisk-nojit,lua,luajit,c")
    parser.add_argument("-b", default="")
    parser.add_argument("-s", default="L", choices=["S", "L"])
    parser.add_argument("-n", type=int, default=3)
    parser.add_argument("-t", type=float, default=120)
    parser.add_argument("-o")
    args = parser.parse_args()
    table, sizes, failed = engines(args.brisk), scales(), False
    chosen = []
    for name in args.e.split(","):
        language, prefix = table[name]
        tool = prefix[0] if prefix else "gcc"
        if shutil.which(tool) or os.path.exists(tool):
            chosen.append(name)
        else:
            print(f"left out: {name} ({tool} is not installed)")
    results = {}
    print(f"{'program':12}" + "".join(f"{name:>13}" for name in chosen))
    with tempfile.TemporaryDirectory() as folder:
        for program in args.b.split(",") if args.b else sizes:
            n = sizes[program][args.s]
            with open(os.path.join(HERE, "expected", f"{program}.{n}.txt"), "rb") as f:
                expected = f.read().split()
            best = {}
            commands = {name: prepare(folder, table[name][0], program, n) for name in chosen}
            for _ in range(args.n):
                for name in chosen:
                    if commands[name] is None or best.get(name) in ("WRONG", "TIMEOUT"):
                        continue
                    cpu, output = once(table[name][1] + commands[name], args.t)
                    if cpu is None:
                        best[name], failed = "TIMEOUT", True
                    elif output.split() != expected:
                        best[name], failed = "WRONG", True
                        print(f"  {name} {program}: {output[:200]!r}", file=sys.stderr)
                    else:
                        best[name] = min(best.get(name, math.inf), cpu)
            results[program] = best
            cells = (best.get(name, "-") for name in chosen)
            print(f"{program:12}" + "".join(f"{c:>13.3f}" if isinstance(c, float) else f"{c:>13}" for c in cells), flush=True)
    if "lua" in chosen:
        print("\nratio to lua (geometric mean, and the worst row)")
        for name in chosen:
            ratios = {p: r[name] / r["lua"] for p, r in results.items()
                      if isinstance(r.get(name), float) and isinstance(r.get("lua"), float) and r["lua"] > 0 and r[name] > 0}
            if ratios:
                mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios))
                worst = max(ratios, key=ratios.get)
                print(f"{name:12} {mean:8.3f}   worst {worst} {ratios[worst]:.3f}   ({len(ratios)} programs)")
    if args.o:
        with open(args.o, "w") as f:
            json.dump({"size": args.s, "runs": args.n, "cpu_seconds": results}, f, indent=1)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
