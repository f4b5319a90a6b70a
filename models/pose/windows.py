"""Reads the windows that `corporeal simulate windows` writes, from its pipe or from a file.

The stream begins with a line of JSON that names its fields; records of little-endian 32-bit floats follow. A `Pool` keeps
them as half precision, because two million numbers of a thousand windows are read many times.
"""

import json
import math
import pathlib
import shlex
import subprocess
import threading
import time

import torch

# The version of the inputs (src/pose/layout.rs) that this code was written for.
INPUT_VERSION = 4
# Fields that are kept; the rest of a record only serves checks.
KEPT = ("room", "n_antennas", "n_people", "n_links", "packets_per_sec", "longest_gap_secs", "size_m", "mask", "snr_db",
        "path_rate", "tokens", "geometry", "map", "likelihood", "grid", "people")

HALVED = ("tokens", "map", "likelihood", "grid")


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
        return {name: fields[name].half() if name in HALVED else fields[name].clone() for name in KEPT}

    def close(self):
        self.file.close()
        if self.process:
            self.process.terminate()
            self.process.wait()


class Folder:
    """Records of all files of a folder, in the order of their names; waits for more to come."""

    def __init__(self, path):
        self.path, self.done, self.stream = pathlib.Path(path), set(), None
        while not self.next_file():
            time.sleep(1)
        self.header = self.stream.header

    def next_file(self):
        new = sorted(set(self.path.glob("*.bin")) - self.done)
        if new:
            self.done.add(new[0])
            self.stream = Stream(str(new[0]))
        return bool(new)

    def read(self, n):
        while (part := self.stream.read(n)) is None:
            self.stream.close()
            while not self.next_file():
                time.sleep(1)
        return part

    def close(self):
        self.stream.close()


class Pool:
    """Windows in memory; grows while its sources still give some, up to `capacity`. A thread reads each source."""

    def __init__(self, sources, capacity):
        self.capacity, self.table = capacity, None
        self.lock, self.n_read, self.error = threading.Lock(), 0, None
        self.streams = [Folder(source) if pathlib.Path(source).is_dir() else Stream(source) for source in sources]
        self.header = self.streams[0].header
        self.threads = [threading.Thread(target=self._fill, args=(stream,), daemon=True) for stream in self.streams]
        for thread in self.threads:
            thread.start()

    def _fill(self, stream):
        try:
            while self.n_read < self.capacity and (part := stream.read(100)) is not None:
                with self.lock:
                    n = min(len(part["room"]), self.capacity - self.n_read)
                    if self.table is None:
                        self.table = {name: torch.empty(self.capacity, *value.shape[1:], dtype=value.dtype)
                                      for name, value in part.items()}
                    for name, value in part.items():
                        self.table[name][self.n_read:self.n_read + n] = value[:n]
                    self.n_read += n
        except (Exception, SystemExit) as error:  # a broken source must stop the training, not starve it
            self.error = error

    def all(self):
        """Everything in memory now."""
        if self.error:
            raise SystemExit(f"reading windows failed: {self.error}")
        with self.lock:
            return {name: value[:self.n_read] for name, value in self.table.items()} if self.table else None

    def wait_for(self, n):
        while self.n_read < n and any(thread.is_alive() for thread in self.threads):
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


def load_all(paths):
    """Several files one after the other."""
    tables = [load(path)[0] for path in paths]
    return {name: torch.cat([table[name] for table in tables]) for name in KEPT}


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


def mirrored_rooms(data, generator):
    """Half of the windows seen in a mirror on the x wall, half in one on the y wall: exact, for radios and people alike.

    What a link's numbers say does not change; places, directions and the floor do. Left and right of bodies change
    too, which no loss of ours asks for.
    """
    data = dict(data)
    for axis in (0, 1):
        flip = torch.rand(len(data["room"]), generator=generator) < 0.5
        sign = torch.where(flip, -1.0, 1.0)
        geometry, people = data["geometry"].clone(), data["people"].clone()
        for place in (axis, 3 + axis, 6 + axis):
            geometry[:, :, place] *= sign[:, None]
        for place in (1 + axis, 4 + axis):
            people[:, :, place] *= sign[:, None]
        data.update(geometry=geometry, people=people)
        for name in ("map", "likelihood"):
            floor = data[name].view(*data[name].shape[:2], 14, 10)
            data[name] = torch.where(flip[:, None, None, None], floor.flip(2 + axis), floor).flatten(2)
    return data
