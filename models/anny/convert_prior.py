#!/usr/bin/env python3
"""Writes shape_prior.json from the shape calibration that ships in the PyPI wheel anny 0.6.2 (Apache-2.0, (C) 2025 NAVER Corporation).

usage: pip download anny==0.6.2 --no-deps && python3 convert_prior.py anny-0.6.2-py3-none-any.whl > shape_prior.json
Needs numpy only: the .pth files are zip archives of a pickle and plain little-endian arrays.
"""
import io, json, pickle, sys, zipfile
import numpy as np

TYPES = {"DoubleStorage": "<f8", "FloatStorage": "<f4"}


class Arrays(pickle.Unpickler):
    """Reads tensors as lists; anything else that a pickle may name becomes an inert type."""

    def __init__(self, archive, name):
        super().__init__(io.BytesIO(archive.read(f"{name}/data.pkl")))
        self.archive, self.name = archive, name

    def find_class(self, module, name):
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, size, *rest: storage[offset : offset + size[0]].tolist()
        return dict if name == "OrderedDict" else type(name, (), {})

    def persistent_load(self, key):
        return np.frombuffer(self.archive.read(f"{self.name}/data/{key[2]}"), TYPES[key[1].__name__])


def main():
    wheel, out = zipfile.ZipFile(sys.argv[1]), {}
    for theirs, ours in (("boys", "male"), ("girls", "female")):
        data = wheel.read(f"anny/data/shape_calibration/{theirs}.pth")
        tables = Arrays(zipfile.ZipFile(io.BytesIO(data)), theirs).load()
        ages = tables["morphological_age_mapping"]
        out["age_map"] = {"anny": ages["anny_age_anchors"], "years": ages["morphological_age_anchors"]}
        out[ours] = {
            axis: {k: tables[f"conditional_{axis}_distribution"][f"{k}_anchors"] for k in ("age", "alpha", "beta")}
            for axis in ("height", "weight", "muscle")
        }
    rounded = json.loads(json.dumps(out), parse_float=lambda x: round(float(x), 6))
    print(json.dumps(rounded, indent=1))


main()
