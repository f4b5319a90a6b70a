"""Makes golden.json: inputs from a fixed seed and what NumPy and SciPy make of them.

Written independently of the Rust code, from the textbook formulas. Run `python3 make.py` in this folder.
"""

import json

import numpy as np
from scipy import signal

rng = np.random.default_rng(20240611)
golden = {}


def reals(values):
    return [float(f"{v:.9g}") for v in np.asarray(values, float).ravel()]


def pairs(values):
    return [[float(f"{v.real:.8g}"), float(f"{v.imag:.8g}")] for v in np.asarray(values, complex).ravel()]


def single(values):
    """Rounded to what the JSON file and an f32 hold, so that both sides start from equal numbers."""
    return np.asarray(np.asarray(values, np.float32), float)


def csingle(values):
    return np.asarray(np.asarray(values, np.complex64), complex)


# Hampel: median and 1.4826 MAD over 2h+1 values, the window cut at the ends.
x = single(np.sin(np.arange(80) / 6) + 0.05 * rng.standard_normal(80))
x[[7, 30, 31, 79]] += [4, -5, 6, 3]
x = single(x)
half, n_sigmas = 3, 3.0
sigma = 1 / 0.6744897501960817
out, hit = x.copy(), np.zeros(len(x), bool)
for i in range(len(x)):
    w = x[max(0, i - half):i + half + 1]
    m = np.median(w)
    if abs(x[i] - m) > n_sigmas * sigma * np.median(np.abs(w - m)):
        out[i], hit[i] = m, True
golden["hampel"] = dict(x=reals(x), half=half, n_sigmas=n_sigmas, y=reals(out), replaced=[bool(h) for h in hit])

# Butterworth band-passes, causal and zero-phase.
golden["filters"] = []
for order, low, high, rate in [(4, 0.1, 0.5, 20.0), (3, 2.0, 40.0, 100.0), (1, 1.0, 8.0, 50.0), (3, 0.5, 24.5, 50.0)]:
    x = np.cumsum(rng.standard_normal(300)) * 0.1 + 3
    sos = signal.butter(order, [low, high], "bandpass", fs=rate, output="sos")
    golden["filters"].append(dict(order=order, low=low, high=high, rate=rate, x=reals(x),
                                  causal=reals(signal.sosfilt(sos, [float(f"{v:.9g}") for v in x])),
                                  zero_phase=reals(signal.sosfiltfilt(sos, [float(f"{v:.9g}") for v in x]))))

# Power over signed frequency: periodic Hann, unit noise gives one.
x = csingle(rng.standard_normal(96) + 1j * rng.standard_normal(96))
n, hop = 32, 12
w = signal.get_window("hann", n)
rows = [np.abs(np.fft.fftshift(np.fft.fft(w * x[i:i + n]))) ** 2 / np.sum(w ** 2) for i in range(0, 96 - n + 1, hop)]
golden["spectrogram"] = dict(x=pairs(x), len=n, hop=hop, rows=[reals(r) for r in rows],
                             hz=reals(np.fft.fftshift(np.fft.fftfreq(n, 1 / 50.0))))

# Autocorrelation, biased, of the signal less its mean.
x = single(np.sin(np.arange(120) * 0.4) + 0.3 * rng.standard_normal(120) + 5)
c = np.correlate(x - x.mean(), x - x.mean(), "full")[119:119 + 41]
golden["autocorrelation"] = dict(x=reals(x), y=reals(c / c[0]))

# Principal components by SVD.
x = rng.standard_normal((60, 3)) @ np.diag([3, 1.5, 0.7]) @ rng.standard_normal((3, 10))
x = x + 0.05 * rng.standard_normal((60, 10)) + np.arange(10)
x = np.array([[float(f"{v:.9g}") for v in row] for row in x])
u, s, vt = np.linalg.svd(x - x.mean(0), full_matrices=False)
signs = np.sign(vt[np.arange(len(vt)), np.argmax(np.abs(vt), 1)])
vt = vt * signs[:, None]
golden["pca"] = dict(x=[reals(r) for r in x], components=[reals(r) for r in vt[:3]], variances=reals(s[:3] ** 2 / 59),
                     scores=reals((x[17] - x.mean(0)) @ vt[:3].T))

# A longer table for the running PCA: two directions that stand well apart.
basis = np.linalg.qr(rng.standard_normal((12, 2)))[0].T
x = rng.standard_normal((1500, 2)) @ np.diag([3.0, 1.2]) @ basis + 0.1 * rng.standard_normal((1500, 12)) + 2
x = np.round(x, 3)
vt = np.linalg.svd(x - x.mean(0), full_matrices=False)[2]
golden["running_pca"] = dict(x=[[float(v) for v in r] for r in x], components=[reals(r) for r in vt[:2]])

# Phase: unwrap and remove the fitted line, on the Intel 5300's 20 MHz grid.
intel = [*range(-28, 0, 2), -1, *range(1, 28, 2), 28]
k = np.array(intel, float)
assert len(k) == 30
h = csingle((1 + 0.2 * rng.standard_normal(30)) * np.exp(1j * (0.31 * k + 2.0 + 0.3 * np.sin(k / 5))))
p = np.unwrap(np.angle(h))
golden["phase"] = dict(h=pairs(h), numbers=intel, y=reals(p - np.polyval(np.polyfit(k, p, 1), k)))

# Resampling: linear, invalid between packets further apart than the allowed gap.
t = np.cumsum(np.where(rng.random(60) < 0.08, 70, rng.integers(6, 15, 60)))
t = t - t[0]
z = csingle(rng.standard_normal(60) + 1j * rng.standard_normal(60))
rate, max_gap = 100.0, 0.05
grid = np.arange(0, t[-1] + 1e-9, 1000 / rate)
after = np.searchsorted(t, grid, side="left")
before = np.maximum(after - 1, 0)
exact = t[after] == grid
valid = exact | ((t[after] - t[before]) / 1000 <= max_gap)
y = np.interp(grid, t, z.real) + 1j * np.interp(grid, t, z.imag)
golden["resample"] = dict(t_ms=[int(v) for v in t], z=pairs(z), rate=rate, max_gap=max_gap,
                          y=pairs(np.where(valid, y, 0)), valid=[bool(v) for v in valid])


# Gauge fixing.
def fit(h, s, k, lag):
    """Slope from c(k+lag)·conj c(k), then the least-squares fit of H to gain·exp(i(phase+slope·k))·S by scipy."""
    from scipy.optimize import least_squares

    kc = k - k.mean()
    c = np.sum(h * np.conj(s), axis=0)
    where = {int(v): i for i, v in enumerate(k)}
    step = sum(c[where[int(v) + lag]] * np.conj(c[i]) for i, v in enumerate(k) if int(v) + lag in where)
    slope = np.angle(step) / lag
    phase = np.angle(np.sum(c * np.exp(-1j * slope * kc)))
    gain = np.real(np.sum(c * np.exp(-1j * (phase + slope * kc)))) / np.sum(np.abs(s) ** 2)

    def residual(q):
        r = (h - np.exp(q[0] + 1j * (q[1] + q[2] * kc)) * s).ravel()
        return np.concatenate([r.real, r.imag])

    q = least_squares(residual, [np.log(gain), phase, slope], x_scale=[1, 1, 0.02], xtol=1e-14, ftol=1e-14, gtol=1e-14).x
    return np.exp(q[0]), q[1], q[2], kc


def fix(h, k, lag, iterations):
    s = h[0]
    for _ in range(iterations):
        s = s / np.sqrt(np.mean(np.abs(s) ** 2))
        y = []
        for row in h:
            g, p, b, kc = fit(row, s, k, lag)
            y.append(row * np.exp(-1j * (p + b * kc)) / g)
        s = np.mean(y, axis=0)
    s = s / np.sqrt(np.mean(np.abs(s) ** 2))
    y, gauges = [], []
    for row in h:
        g, p, b, kc = fit(row, s, k, lag)
        gauges.append([g, np.angle(np.exp(1j * p)), b])
        y.append(row * np.exp(-1j * (p + b * kc)) / g)
    return np.array(y), s, gauges


def channel(k, t, doppler_hz, chains, rng, moving=0.1, noise=0.01):
    """A static channel of a few paths and one moving path of known signed Doppler, spoilt packet by packet."""
    spacing = 312.5e3
    delays, gains = rng.uniform(0, 60e-9, 5), rng.standard_normal((5, chains)) + 1j * rng.standard_normal((5, chains))
    gains[0] = 4 * np.exp(1j * rng.uniform(0, 6, chains))
    static = np.einsum("pa,pk->ak", gains, np.exp(-2j * np.pi * np.outer(delays, k * spacing)))
    static /= np.sqrt(np.mean(np.abs(static) ** 2))
    phase = np.exp(1j * rng.uniform(0, 6, chains))
    mover = moving * phase[None, :, None] * np.exp(2j * np.pi * (doppler_hz * t[:, None, None] - k * spacing * 25e-9))
    h = static[None] + mover
    h = h + noise * (rng.standard_normal(h.shape) + 1j * rng.standard_normal(h.shape)) / np.sqrt(2)
    gain = 10 ** (rng.normal(0, 1, len(t)) / 20) * 100
    turn = rng.uniform(-np.pi, np.pi, len(t))
    slope = rng.normal(0, 1.5, len(t)) / (k.max() - k.min())
    return h * (gain[:, None] * np.exp(1j * (turn[:, None] + slope[:, None] * k)))[:, None, :]


golden["gauge"] = []
ht20 = [i for i in range(-28, 29) if i]
for name, numbers, lag, chains in [("every subcarrier", ht20, 3, 1), ("Intel 5300", intel, 2, 2)]:
    k = np.array(numbers, float)
    h = csingle(channel(k, np.arange(10) / 100, 17.0, chains, rng))
    h = np.array([complex(*p) for p in pairs(h)]).reshape(h.shape)
    y, s, gauges = fix(h, k, lag, 2)
    golden["gauge"].append(dict(name=name, numbers=numbers, chains=chains, h=[pairs(r) for r in h],
                                y=[pairs(r) for r in y], mean=pairs(s), gauges=[reals(g) for g in gauges]))

with open("golden.json", "w") as f:
    json.dump(golden, f, separators=(",", ":"))
