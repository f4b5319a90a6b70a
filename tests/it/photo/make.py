"""Writes photos of many kinds with Pillow, and what Pillow (libjpeg, libtiff, lcms2) makes of each: the independent
reference of tests/it/photo.rs. Usage: make.py FOLDER; leaves FOLDER/expected.json.

Every picture is 64 x 64 px of four flat quadrants; `expected.json` has the four colours for each file, sRGB.
"""

import io
import json
import struct
import sys
from pathlib import Path

from PIL import Image, ImageCms

folder = Path(sys.argv[1])
expected = {}
CENTRES = [(16, 16), (48, 16), (16, 48), (48, 48)]


def quadrants(mode, colors):
    image = Image.new(mode, (64, 64))
    for (x, y), color in zip(CENTRES, colors):
        image.paste(color, (x - 16, y - 16, x + 16, y + 16))
    return image


def tag(kind, body):
    return kind.encode() + bytes(4) + body


def text(value):  # 'desc' of ICC version 2
    raw = value.encode() + b"\0"
    return tag("desc", struct.pack(">I", len(raw)) + raw + bytes(4 + 4 + 2 + 1 + 67))


def s15(*values):
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def profile(space, pcs, device_class, tags):
    tags = {
        "desc": text("made for a test"),
        "cprt": tag("text", b"public domain\0"),
        "wtpt": tag("XYZ ", s15(0.9642, 1.0, 0.8249)),
        **tags,
    }
    table, data, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        body += bytes(-len(body) % 4)
        table += name.encode() + struct.pack(">II", at + len(data), len(body))
        data += body
    size = at + len(data)
    head = struct.pack(">I4sI4s4s4s", size, b"none", 0x02400000, device_class.encode(), space.encode(), pcs.encode())
    head += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + s15(0.9642, 1.0, 0.8249)
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + table + data


def gray_profile(gamma):
    curve = tag("curv", struct.pack(">IH", 1, round(gamma * 256)) + bytes(2))
    return profile("GRAY", "XYZ ", "mntr", {"kTRC": curve})


def printed(c, m, y, k):
    """Lab, as ICC version 2 encodes it in bytes, of a small printer: paper a little yellow, inks far from ideal."""
    lab = [95.0, 0.0, 4.0]
    for amount, (l, a, b) in ((c, (55, -17, -22)), (m, (48, 33, -1)), (y, (89, -2, 42))):
        lab = [lab[0] * (1 - amount * (1 - l / 95)), lab[1] + amount * a, lab[2] + amount * b]
    lab = [lab[0] * (1 - 0.85 * k), lab[1] * (1 - k), lab[2] * (1 - k)]
    return [min(255, max(0, round(v))) for v in (lab[0] * 2.55, lab[1] + 128, lab[2] + 128)]


def exact(*ink):
    """The same in sRGB by the formulas of CIE 15 and IEC 61966-2-1, white adapted by Bradford's matrix."""
    l, a, b = (v - shift for v, shift in zip(printed(*ink), (0, 128, 128)))
    fy = (l / 2.55 + 16) / 116
    xyz = [
        white * (f**3 if f > 6 / 29 else 3 * (6 / 29) ** 2 * (f - 4 / 29))
        for white, f in ((0.9642, fy + a / 500), (1.0, fy), (0.8249, fy - b / 200))
    ]
    srgb_from_xyz = (
        (3.1338561, -1.6168667, -0.4906146), (-0.9787684, 1.9161415, 0.0334540), (0.0719453, -0.2289914, 1.4052427)
    )
    light = [min(1, max(0, sum(w * v for w, v in zip(row, xyz)))) for row in srgb_from_xyz]
    return [round(255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055)) for v in light]


def cmyk_profile():
    """That printer with 3 grid points for each ink."""
    steps = (0, 0.5, 1)
    grid = bytes(v for c in steps for m in steps for y in steps for k in steps for v in printed(c, m, y, k))
    ramp = bytes(range(256))
    lut = tag("mft1", bytes([4, 3, 3, 0]) + s15(1, 0, 0, 0, 1, 0, 0, 0, 1) + ramp * 4 + grid + ramp * 3)
    return profile("CMYK", "Lab ", "prtr", {"A2B0": lut})


def to_srgb(image, icc=None):
    """What lcms2 makes of a picture with a profile, Pillow's own conversion without."""
    if icc is None:
        return image.convert("RGB")
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), 0, outputMode="RGB")


def put(name, image, reference=None, **options):
    image.save(folder / name, **options)
    icc = options.get("icc_profile")
    if reference is None:
        with Image.open(folder / name) as read:
            read.load()
            reference = to_srgb(read, icc)
    expected[name] = [reference.getpixel(centre) for centre in CENTRES]


def on_white(image):
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")


rgb = quadrants("RGB", [(200, 60, 40), (30, 140, 90), (20, 60, 190), (230, 215, 190)])
gray = quadrants("L", [10, 90, 170, 250])
cmyk = quadrants("CMYK", [(255, 0, 0, 0), (0, 255, 255, 0), (0, 0, 0, 255), (0, 128, 128, 0)])
mixed = quadrants("CMYK", [(10, 200, 30, 40), (250, 20, 60, 0), (0, 0, 240, 120), (0, 0, 0, 0)])
clear = quadrants("RGBA", [(200, 60, 40, 255), (30, 140, 90, 128), (20, 60, 190, 10), (0, 0, 0, 0)])

put("baseline.jpg", rgb, quality=95, subsampling=0)
put("subsampled.jpg", rgb, quality=90, subsampling=2)
put("progressive.jpg", rgb, quality=90, progressive=True)
put("gray.jpg", gray, quality=95)
put("gray_profile.jpg", gray, quality=95, icc_profile=gray_profile(1.8))
put("gray_profile.png", gray, icc_profile=gray_profile(1.8))
put("cmyk.jpg", mixed, quality=95)
# On the grid of an 8-bit table the formulas are exact; lcms2 is up to 7 off, because it goes through a grid of its own.
on_grid = quadrants("RGB", [tuple(exact(*ink)) for ink in ((1, 0, 0, 0), (0, 1, 1, 0), (0, 0, 0, 1), (0, 0.5, 0.5, 0))])
put("cmyk_profile.jpg", cmyk, on_grid, quality=98, icc_profile=cmyk_profile())
put("cmyk_profile.tif", cmyk, on_grid, icc_profile=cmyk_profile())
put("cmyk.tif", mixed)
put("lossy.webp", rgb, quality=90)
put("lossless.webp", rgb, lossless=True)
put("clear.webp", clear, on_white(clear), lossless=True)
put("clear.png", clear, on_white(clear))
put("gray_alpha.png", clear.convert("LA"), on_white(clear.convert("LA")))
put("palette.png", rgb.convert("P", palette=Image.Palette.ADAPTIVE, colors=16))
put("one_bit.png", gray.convert("1", dither=0))
put("plain.tif", rgb)
put("lzw.tif", rgb, compression="tiff_lzw")
put("deflate.tif", rgb, compression="tiff_adobe_deflate")
put("jpeg.tif", rgb, compression="jpeg", quality=95)
put("gray.tif", gray)
put("one_bit.tif", gray.convert("1", dither=0))
put("clear.tif", clear, on_white(clear))
put("pages.tif", rgb, save_all=True, append_images=[gray.convert("RGB")])
put("animated.webp", rgb, save_all=True, append_images=[gray.convert("RGB")], duration=100, lossless=True)
put("animated.png", rgb, save_all=True, append_images=[gray.convert("RGB")], duration=100)

# The same four planes, read as YCCK: the transform in Adobe's marker says so.
raw = bytearray((folder / "cmyk.jpg").read_bytes())
at = raw.index(b"Adobe") + 11
assert raw[at] == 0
raw[at] = 2
(folder / "ycck.jpg").write_bytes(raw)
with Image.open(io.BytesIO(raw)) as read:
    expected["ycck.jpg"] = [read.convert("RGB").getpixel(centre) for centre in CENTRES]

rgb.save(folder / "refused.gif")
Image.effect_noise((256, 256), 60).convert("RGB").save(folder / "progressive_noise.jpg", progressive=True)
(folder / "expected.json").write_text(json.dumps(expected))
