"""Reads the windows that `corporeal simulate windows` writes, from its pipe or from a file.

The stream begins with a line of JSON that names its fields; records of little-endian 32-bit floats follow. A `Pool` keeps
them as half precision, because two million numbers of a thousand windows are read many times.
"""

import json
import math
import shlex
import subprocess
import threading

import torch

# The version of the inputs (src/pose/layout.rs) that this code was written for.
INPUT_VERSION = 2
# Fields that are kept; the rest of a record only serves checks.
KEPT = ("room", "n_antennas", "n_people", "n_links", "packets_per_sec", "longest_gap_secs", "size_m", "mask", "snr_db",
        "path_rate", "tokens", "geometry", "map", "grid", "people")


class Stream:
    """Records of one source, in the order of writing."""

    def __init__(self, source):
        """`source` is a path, or a command that begins with '|'."""
        self.process = None
        if source.startswith("|"):
            self.process = subprocess.Popen(shlex.split(source[1:]), stdout=subprocess.PIPE)
            self.file = self.process.stdout
        else:
            self.file = open(source, "rb")
        self.header = json.loads(self.file.readline())
        if self.header["input_version"] != INPUT_VERSION:
            raise SystemExit(f"{source}: made with inputs of version {self.header['input_version']}, not {INPUT_VERSION}")

    def read(self, n):
        """At most n records as a dictionary of tensors; fewer at the end."""
        width = self.header["floats_per_record"]
        data = bytearray()
        while len(data) < n * width * 4:
            part = self.file.read(n * width * 4 - len(data))
            if not part:
                break
            data += part
        whole = len(data) // (width * 4)
        if whole == 0:
            return None
        table = torch.frombuffer(data, dtype=torch.float32, count=whole * width).view(whole, width)
        fields, start = {}, 0
        for name, shape in self.header["fields"]:
            length = math.prod(shape)
            fields[name] = table[:, start:start + length].reshape(whole, *shape)
            start += length
        if not torch.isfinite(table).all():
            raise SystemExit("a record holds numbers that are not finite")
        return {name: fields[name].half() if name in ("tokens", "map", "grid") else fields[name].clone() for name in KEPT}

    def close(self):
        self.file.close()
        if self.process:
            self.process.terminate()
            self.process.wait()


class Pool:
    """Windows in memory; grows while its sources still give some, then forgets the oldest."""

    def __init__(self, sources, capacity):
        self.parts, self.capacity = [], capacity
        self.lock, self.n_read, self.done, self.error = threading.Lock(), 0, False, None
        self.streams = [Stream(source) for source in sources]
        self.header = self.streams[0].header
        self.thread = threading.Thread(target=self._fill, daemon=True)
        self.thread.start()

    def _fill(self):
        try:
            live = list(self.streams)
            while live:
                for stream in list(live):
                    part = stream.read(100)
                    if part is None:
                        live.remove(stream)
                        continue
                    with self.lock:
                        self.parts.append(part)
                        self.n_read += len(part["room"])
                        while sum(len(p["room"]) for p in self.parts) > self.capacity:
                            self.parts.pop(0)
        except (Exception, SystemExit) as error:  # a broken source must stop the training, not starve it
            self.error = error
        self.done = True

    def all(self):
        """Everything in memory now."""
        if self.error:
            raise SystemExit(f"reading windows failed: {self.error}")
        with self.lock:
            return {name: torch.cat([part[name] for part in self.parts]) for name in KEPT} if self.parts else None

    def wait_for(self, n):
        while self.n_read < n and not self.done:
            threading.Event().wait(0.2)
        return self.all()

    def close(self):
        for stream in self.streams:
            stream.close()


def load(path):
    """A whole file."""
    stream = Stream(path)
    parts = []
    while (part := stream.read(500)) is not None:
        parts.append(part)
    stream.close()
    return {name: torch.cat([part[name] for part in parts]) for name in KEPT}, stream.header


def select(data, wanted):
    """The windows where a mask or an index says so."""
    return {name: values[wanted] for name, values in data.items()}


def floor_grid(data, links):
    """The picture of the floor from some of each window's links: what src/pose/grid.rs does, for drawn links.

    `links` [window, n] are positions; returns [window, 7, 14, 10].
    """
    rows = torch.arange(len(links))[:, None]
    energy = data["map"][rows, links].float()
    rate = data["path_rate"][rows, links]
    geometry = data["geometry"][rows, links].float()
    size = geometry[:, :, 8:10]
    width, depth = (torch.arange(14) + 0.5) / 14 - 0.5, (torch.arange(10) + 0.5) / 10 - 0.5
    cells = torch.stack(torch.meshgrid(width, depth, indexing="ij"), -1).view(1, 1, 140, 2) * size[:, :, None]

    def away(radio):
        way = cells - radio[:, :, None, :2]
        height = (1.0 - radio[:, :, 2])[:, :, None]
        return way / (way.square().sum(-1) + height.square() + 1e-2).sqrt()[..., None]

    gradient = away(geometry[:, :, :3]) + away(geometry[:, :, 3:6])
    gx, gy, rate = gradient[..., 0], gradient[..., 1], rate[:, :, None]
    a, d, b = gx.square().sum(1) + 0.3, gy.square().sum(1) + 0.3, (gx * gy).sum(1)
    p, q = (gx * rate).sum(1), (gy * rate).sum(1)
    determinant = (a * d - b * b).clamp(min=0.09)
    vx, vy = (d * p - b * q) / determinant, (a * q - b * p) / determinant
    rest = (gx * vx[:, None] + gy * vy[:, None] - rate).square().mean(1)
    mean = energy.mean(1)
    spread = ((energy - mean[:, None]).square().mean(1) + 1e-6).sqrt()
    pictures = torch.stack([mean, energy.amin(1), energy.exp().mean(1), spread], 1)
    pictures = pictures - pictures.mean(2, keepdim=True)
    motion = torch.stack([vx, vy, 0.3 * (rest + 1e-2).log()], 1)
    return torch.cat([pictures, motion], 1).view(-1, 7, 14, 10)


def draw_links(data, n, generator):
    """Positions of n drawn links of each window, without padding; windows with fewer links repeat none but are dropped.

    Returns (rows that have n links, positions [rows, n]).
    """
    slots = data["mask"].shape[1]
    keys = torch.rand(len(data["mask"]), slots, generator=generator) + 10.0 * (1.0 - data["mask"])
    rows = (data["mask"].sum(1) >= n).nonzero()[:, 0]
    return rows, keys.argsort(1)[rows, :n]
