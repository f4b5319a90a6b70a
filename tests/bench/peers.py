#!/usr/bin/env python3
"""Reads the same recordings with csiread, CSIKit and this program, in one run on one core, and prints them side by side.

The peers need old packages (CSIKit 2.5 fails on newer numpy), so give them a virtual environment of their own:

    python3.11 -m venv peers
    peers/bin/pip install numpy==1.23.5 csiread==1.4.1 CSIKit==2.5
    peers/bin/python tests/bench/peers.py

Each tool opens and reads whole files from the page cache, all into memory. This process and what it starts are pinned
to one core. Rounds alternate between the tools, so that a busy moment hits all. Times are medians with the middle half
(25th to 75th percentile); a ratio is the peer's median over ours.

Much of a short read is the kernel handing out fresh memory. `--keep-heap` tells the C library to keep what was freed,
for all tools alike, which shows the work of decoding more plainly.

Frames are what each tool hands out. csiread parses into arrays of a shape that the caller must know beforehand (it is
given the right one here) and counts the chains of a Nexmon packet one by one; it cannot skip the column header of an
ESP32 CSV, so it gets a copy without it.
"""

import argparse
import contextlib
import io
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("CORPOREAL_SHARED", ROOT.parent / "shared"))

# What csiread has to be told about a PicoScenes file: the largest size of each field.
PICO_SIZES = {"PilotCSI": [0, 0, 0], "LegacyCSI": [0, 0, 0], "BasebandSignals": [0, 0, 0],
              "PreEQSymbols": [0, 0, 0], "MPDU": 2048}

# File below data/csi, and csiread's class with its arguments (None: it has no reader for this format).
FILES = [
    ("csikit-history/intel/activity/brushteeth_post_1597163619.dat", ("Intel", {"nrxnum": 3, "ntxnum": 2})),
    ("csikit-history/intel/heartrate/xbpm.dat", ("Intel", {"nrxnum": 3, "ntxnum": 2})),
    ("csikit/nexmon/example_43455c0.pcap", ("Nexmon", {"chip": "43455c0", "bw": 80})),
    ("csikit/nexmon/example_4339.pcap", ("Nexmon", {"chip": "4339", "bw": 80})),
    ("csikit/nexmon/example_4366c0.pcap", ("Nexmon", {"chip": "4366c0", "bw": 80})),
    ("csikit/pico/picoscenes_ax200_agcdemo.csi", ("Picoscenes", {"pl_size": {"CSI": [57, 2, 2], **PICO_SIZES}})),
    ("csikit/pico/picoscenes_iwl5300_example2.csi", ("Picoscenes", {"pl_size": {"CSI": [30, 3, 2], **PICO_SIZES}})),
    ("csikit/esp32/example_fast2_100hz_pitraffic.csv", ("ESP32", {})),
    ("csikit/feitcsi/HESU80_5500.csi", None),
    ("csikit/feitcsi/HESU160_5500.csi", None),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=SHARED / "data/csi")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=7, help="runs of each tool in a round")
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--ours", type=pathlib.Path, help="a built decode_file; default: build it with `cargo bench`")
    parser.add_argument("--reader", action="store_true", help="ours by the program's own reader, not the whole file at once")
    parser.add_argument("--keep-heap", action="store_true", help="keep freed memory (glibc), for all tools")
    args = parser.parse_args()
    if args.keep_heap and "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        # Read when a process starts, so this one starts again; what it starts inherits them.
        kept = {"MALLOC_TRIM_THRESHOLD_": "1000000000", "MALLOC_MMAP_THRESHOLD_": "1000000000"}
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **kept})
    if not args.data.is_dir():
        sys.exit(f"no recordings in {args.data} — give their folder with --data")
    ours = args.ours or build()

    import CSIKit.reader  # noqa: F401 (imported before anything is timed)
    import csiread
    import numpy

    os.sched_setaffinity(0, {args.core})
    print(f"csiread {csiread.__version__}, CSIKit 2.5, numpy {numpy.__version__}, Python {sys.version.split()[0]}; "
          f"core {args.core}, {args.rounds} rounds of {args.repeat} runs\n")
    print("| file | bytes | tool | frames | ms, median (middle half) | frames/s | MB/s | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for name, reader in FILES:
            path = args.data / name
            if path.exists():
                compare(path, reader, ours, args, pathlib.Path(scratch))


def build():
    """Builds our side and gives the path of the executable."""
    command = ["cargo", "bench", "--bench", "decode_file", "--no-run", "--message-format=json-render-diagnostics"]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = (json.loads(line) for line in output.splitlines() if line.startswith("{"))
    paths = [message["executable"] for message in messages
             if message.get("executable") and message["target"]["name"] == "decode_file"]
    return pathlib.Path(paths[-1])


def compare(path, reader, ours, args, scratch):
    tools = {"this program": lambda: run_ours(ours, path, args)}
    if reader:
        tools["csiread"] = lambda: run_peer(lambda: read_csiread(csiread_copy(path, scratch), *reader), args.repeat)
    tools["CSIKit"] = lambda: run_peer(lambda: read_csikit(path), args.repeat)

    frames, secs, failures = {}, {tool: [] for tool in tools}, {}
    for _ in range(args.rounds):
        for tool, run in tools.items():
            try:
                frames[tool], more = run()
                secs[tool] += more
            except Exception as error:  # A peer that fails on a file is a result, too.
                failures[tool] = f"{type(error).__name__}: {error}"
    size = path.stat().st_size
    base = statistics.median(secs["this program"])
    for tool in tools:
        if tool in failures:
            print(f"| {path.name} | {size} | {tool} | — | fails: {failures[tool][:60]} | | | |")
            continue
        low, median, high = statistics.quantiles(secs[tool], n=4, method="inclusive")
        print(f"| {path.name} | {size} | {tool} | {frames[tool]} | {median * 1e3:.3f} ({low * 1e3:.3f}–{high * 1e3:.3f}) "
              f"| {frames[tool] / median:,.0f} | {size / median / 1e6:.1f} | {median / base:.1f} |", flush=True)


def run_ours(ours, path, args):
    command = [str(ours), *["--reader"] * args.reader, "--repeat", str(args.repeat), str(path)]
    result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return result["frames"], result["secs"]


def run_peer(read, repeat):
    with contextlib.redirect_stdout(io.StringIO()):
        n_frames = read()
        secs = []
        for _ in range(repeat):
            began = time.perf_counter()
            read()
            secs.append(time.perf_counter() - began)
    return n_frames, secs


def csiread_copy(path, scratch):
    """The file itself or, for a CSV, a copy without its column header."""
    if path.suffix != ".csv":
        return path
    copy = scratch / path.name
    if not copy.exists():
        copy.write_bytes(path.read_bytes().split(b"\n", 1)[1])
    return copy


def read_csiread(path, kind, options):
    import csiread

    data = getattr(csiread, kind)(str(path), if_report=False, **options)
    data.read()
    return len(data.csi) if kind == "ESP32" else data.count


def read_csikit(path):
    from CSIKit.reader import get_reader

    return len(get_reader(str(path)).read_file(str(path)).frames)


if __name__ == "__main__":
    main()
