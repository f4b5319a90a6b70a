"""The network: links in any order and number, one answer about the room (spec/pose.md section 8.3).

Every link's numbers go through one small network. Where people are is told from links with their geometry, by attention
without positions, and from the picture of the floor. How they hold themselves is told from a branch that never sees any
geometry, because posture is a property of the spectra. Only operations that tract knows are used.
"""

import itertools

import torch
from torch import nn

N_JOINTS = 17
# COCO's left and right exchanged.
MIRROR = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
N_FEATURES = 64
# What comes out, in order, and how many numbers each has.
OUTPUTS = [("count", 3), ("root", 2), ("root_factor", 3), ("heading", 2), ("heading_confidence", 1),
           ("pelvis_height", 1), ("posture", 5), ("motion", 6), ("stride", 1), ("speed", 1), ("uprightness", 1),
           ("joints", 3 * N_JOINTS), ("joint_log_variance", N_JOINTS), ("slots", 18), ("stature", 2)]
# Several people: each slot says presence (log odds), root (2) and the factor of its inverse covariance (3).
N_SLOTS = 3
# Cells of the floor along the width and the depth, and their middles in shares of the room, from its centre.
GRID_WIDTH, GRID_DEPTH, N_CELLS = 14, 10, 140
# Mean stature of adults, metres, from which the answer is told.
MEAN_STATURE_M = 1.68


class Norm(nn.Module):
    """Layer normalisation from plain operations."""

    def __init__(self, size):
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(size)), nn.Parameter(torch.zeros(size))

    def forward(self, x):
        x = x - x.mean(-1, keepdim=True)
        return x / ((x * x).mean(-1, keepdim=True) + 1e-5).sqrt() * self.scale + self.shift


class Attention(nn.Module):
    """Links look at each other; those that the mask leaves out are not looked at."""

    def __init__(self, size, heads=4):
        super().__init__()
        self.heads, self.first, self.second = heads, Norm(size), Norm(size)
        self.query, self.key, self.value = nn.Linear(size, size), nn.Linear(size, size), nn.Linear(size, size)
        self.out = nn.Linear(size, size)
        self.mix = nn.Sequential(nn.Linear(size, 2 * size), nn.SiLU(), nn.Linear(2 * size, size))

    def forward(self, x, mask):
        batch, links, size = x.shape
        y = self.first(x)
        split = lambda part: part(y).reshape(batch, links, self.heads, size // self.heads).transpose(1, 2)
        scores = split(self.query) @ split(self.key).transpose(2, 3) / (size // self.heads) ** 0.5
        scores = scores + (mask[:, None, None, :] - 1.0) * 1e4
        seen = (scores.softmax(-1) @ split(self.value)).transpose(1, 2).reshape(batch, links, size)
        x = x + self.out(seen)
        return x + self.mix(self.second(x))


def pooled(x, mask):
    mean = (x * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1.0)
    return torch.cat([mean, (x + (mask[:, :, None] - 1.0) * 1e4).amax(1)], -1)


def cells_of(size):
    """Middles of the floor's cells, metres from its centre: [b, 2] -> [b, 140, 2]."""
    width, depth = (torch.arange(GRID_WIDTH) + 0.5) / GRID_WIDTH - 0.5, (torch.arange(GRID_DEPTH) + 0.5) / GRID_DEPTH - 0.5
    cells = torch.stack(torch.meshgrid(width, depth, indexing="ij"), -1).reshape(1, N_CELLS, 2)
    return cells.to(size.device) * size[:, None, :]


N_CELL_FACTS = 9


def cell_facts(geometry, maps):
    """What each link can say about each cell: the energy that it sees there, how much longer than the straight way the
    way over the cell is, where the array sees the cell, and how far the ends are; [b, links, facts, 140]."""
    cells = cells_of(geometry[:, 0, 8:10])[:, None]

    def distance(radio):
        way = cells - radio[:, :, None, :2]
        height = (1.0 - radio[:, :, 2:3])
        return way, (way[..., 0] * way[..., 0] + way[..., 1] * way[..., 1] + height * height + 1e-2).sqrt()

    _, from_tx = distance(geometry[:, :, :3])
    way, from_rx = distance(geometry[:, :, 3:6])
    longer = (from_tx + from_rx - geometry[:, :, 11:12]) * 0.4
    along = (way[..., 0] * geometry[:, :, 6:7] + way[..., 1] * geometry[:, :, 7:8]) / from_rx
    near = (longer * longer + 0.01).sqrt().log()
    return torch.stack([maps, longer, longer * longer, near, along, along * along, longer * along, from_tx.log(),
                        from_rx.log()], 2)


class Likelihood(nn.Module):
    """Pictures of how likely somebody is in each cell: links add up what they say, each weighing its facts itself."""

    def __init__(self, size, heads):
        super().__init__()
        self.heads = heads
        self.weigh = nn.Linear(size, heads * N_CELL_FACTS)
        with torch.no_grad():
            self.weigh.weight.mul_(0.5)
            self.weigh.bias.view(heads, N_CELL_FACTS)[:, 0] += 1.0

    def forward(self, placed, mask, facts):
        """[b, links, size], [b, links], [b, links, facts, 140] -> [b, heads, 140]."""
        batch, links, _ = placed.shape
        weights = (self.weigh(placed) * mask[:, :, None]).reshape(batch, links, self.heads, N_CELL_FACTS)
        weights = weights.transpose(1, 2).reshape(batch, self.heads, links * N_CELL_FACTS)
        return weights @ facts.reshape(batch, links * N_CELL_FACTS, N_CELLS)


class Told(nn.Module):
    """What a physical model says of each cell (src/pose/likelihood.rs), weighed by links: added to the pictures of
    `Likelihood`, which start without it, and in pictures of its own."""

    def __init__(self, size, heads):
        super().__init__()
        self.heads = heads
        self.weigh = nn.Linear(size, heads + N_TOLD)
        with torch.no_grad():
            self.weigh.weight.mul_(0.1)
            self.weigh.bias.copy_(torch.tensor([0.0] * heads + [1.0, 0.4]))

    def forward(self, likely, placed, mask, likelihoods):
        """[b, heads, 140], [b, links, size], [b, links], [b, links, 140] -> [b, heads + 2, 140]."""
        told = (self.weigh(placed) * mask[:, :, None]).transpose(1, 2) @ likelihoods
        return torch.cat([likely + told[:, :self.heads], told[:, self.heads:]], 1)


def read_out(likelihood, cells, grid):
    """Where each picture says that somebody is, how widely, and what the floor says there: [b, heads * 12]."""
    share = likelihood.softmax(-1)
    place = share @ cells
    square = share @ (cells * cells) - place * place
    across = share @ (cells[..., :1] * cells[..., 1:]) - place[..., :1] * place[..., 1:]
    seen = share @ grid.reshape(-1, 7, N_CELLS).transpose(1, 2)
    return place, torch.cat([place, square, across, seen], -1).flatten(1)


HEADS = 6
# Pictures of the physical model's own.
N_TOLD = 2
# How much the second opinion about the place counts; chosen on validation rooms.
SECOND = 0.85


class Place(nn.Module):
    """Where one person is, from links with their geometry and the picture of the floor; `told` adds the physical model."""

    def __init__(self, n_tokens, size, hidden, layers, told=False):
        super().__init__()
        heads = HEADS + (N_TOLD if told else 0)
        self.link = nn.Sequential(nn.Linear(n_tokens, hidden), nn.SiLU(), nn.Dropout(0.05), nn.Linear(hidden, size))
        self.geometry = nn.Sequential(nn.Linear(12, 64), nn.SiLU(), nn.Linear(64, size))
        self.attention = nn.ModuleList([Attention(size) for _ in range(layers)])
        self.likely = Likelihood(size, HEADS)
        self.told = Told(size, HEADS) if told else None
        self.likely_place = nn.Linear(12 * heads, 160)
        self.likely_root = nn.Linear(2 * heads, 2)
        self.floor = nn.Sequential(
            nn.Conv2d(7 + heads, 32, 3, padding=1), nn.SiLU(), nn.Conv2d(32, 48, 3, stride=2, padding=1), nn.SiLU(),
            nn.Conv2d(48, 32, 3, stride=2, padding=1), nn.SiLU(), nn.Flatten(), nn.Linear(32 * 4 * 3, size))
        self.place = nn.Sequential(nn.Linear(3 * size, 160), nn.SiLU(), nn.Dropout(0.05), nn.Linear(160, N_FEATURES),
                                   nn.SiLU())
        self.place_out = nn.Linear(N_FEATURES, 3 + 2 + 3 + 2 + 1)

    def find(self, tokens, geometry, mask, facts, likelihoods, grid):
        """Normalised tokens -> the answers from count to heading confidence [b, 11], features, links without and with their
        geometry, and all that was seen of the room."""
        link = self.link(tokens)
        placed = link + self.geometry(geometry)
        for layer in self.attention:
            placed = layer(placed, mask)
        likely = self.likely(placed, mask, facts)
        if self.told is not None:
            likely = self.told(likely, placed, mask, likelihoods)
        places, told = read_out(likely, cells_of(geometry[:, 0, 8:10]), grid)
        seen = torch.cat([pooled(placed, mask), self.floor(picture(grid, likely))], -1)
        features = self.place[1:](self.place[0](seen) + self.likely_place(told))
        place = self.place_out(features)
        root = place[:, 3:5] + self.likely_root(places.flatten(1))
        return torch.cat([place[:, :3], root, place[:, 5:]], -1), features, link, placed, seen


def picture(grid, likely):
    """The floor as the radios see it, and how likely somebody is in each cell: [b, 7 + heads, 14, 10]."""
    likely = (likely - likely.mean(-1, keepdim=True)) * 0.1
    return torch.cat([grid, likely.reshape(-1, likely.shape[1], GRID_WIDTH, GRID_DEPTH)], 1)


class PoseNet(Place):
    def __init__(self, blocks, size=128, hidden=160, layers=2, second=False):
        """`blocks` are the header's (name, start, length); `second` adds an opinion about the place (second.py)."""
        n_tokens = max(start + length for _, start, length in blocks)
        super().__init__(n_tokens, size, hidden, layers)
        self.blocks = [list(block) for block in blocks]
        # Normalisation lies in the network, so that whoever runs it hands over what src/pose makes.
        self.register_buffer("token_mean", torch.zeros(n_tokens))
        self.register_buffer("token_scale", torch.ones(n_tokens))
        self.register_buffer("mean_pose", torch.zeros(3 * N_JOINTS))
        names = {name: (start, start + length) for name, start, length in blocks}
        self.spectra = [names[name] for name in ("doppler", "slot_power", "short_doppler", "short_power")]
        n_spectra = sum(end - start for start, end in self.spectra)
        self.second = Place(n_tokens, size, hidden, layers, told=True) if second else None
        self.crowd_likely = Likelihood(size, HEADS)
        # Several people have a branch of their own that teaches the rest nothing, so that it costs one person nothing.
        self.crowd_floor = nn.Sequential(
            nn.Conv2d(7 + HEADS, 24, 3, padding=1), nn.SiLU(), nn.Conv2d(24, 32, 3, stride=2, padding=1), nn.SiLU(),
            nn.Conv2d(32, 32, 3, stride=2, padding=1), nn.SiLU(), nn.Flatten(), nn.Linear(32 * 4 * 3, 96), nn.SiLU())
        self.crowd = nn.Sequential(nn.Linear(3 * size + N_FEATURES + 96, 160), nn.SiLU(), nn.Dropout(0.1),
                                   nn.Linear(160, 6 * N_SLOTS))
        self.mean_spectra = nn.Sequential(nn.Linear(n_spectra, 64), nn.SiLU(), nn.Dropout(0.2), nn.Linear(64, 64),
                                          nn.SiLU())
        self.body = nn.Sequential(nn.Linear(2 * size + 64, 128), nn.SiLU(), nn.Dropout(0.1))
        self.body_out = nn.Linear(128, 1 + 5 + 6 + 1 + 1 + 1 + 4 * N_JOINTS)
        self.stature = nn.Sequential(nn.Linear(128 + N_FEATURES, 48), nn.SiLU(), nn.Linear(48, 2))

    def forward(self, tokens, geometry, mask, maps, likelihoods, grid):
        """[b, links, tokens], [b, links, 12], [b, links], twice [b, links, 140], [b, 7, 14, 10] -> ([b, outputs],
        [b, features])."""
        tokens = (tokens - self.token_mean) * self.token_scale
        facts = cell_facts(geometry, maps)
        place, features, link, placed, seen = self.find(tokens, geometry, mask, facts, likelihoods, grid)
        if self.second is not None:
            second = self.second.find(tokens, geometry, mask, facts, likelihoods, grid)[0]
            root = place[:, 3:5] + SECOND * (second[:, 3:5] - place[:, 3:5])
            # Count and direction are those of the first.
            place = torch.cat([place[:, :3], root, second[:, 5:8], place[:, 8:]], -1)
        crowd_likely = self.crowd_likely(placed.detach(), mask, facts)
        crowd_floor = self.crowd_floor(picture(grid, crowd_likely))
        slots = self.crowd(torch.cat([seen.detach(), features.detach(), crowd_floor], -1))
        spectra = torch.cat([tokens[:, :, start:end] for start, end in self.spectra], -1)
        mean = (spectra * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1.0)
        body = self.body(torch.cat([pooled(link, mask), self.mean_spectra(mean)], -1))
        stature = self.stature(torch.cat([body, features.detach()], -1))
        body = self.body_out(body)
        at = 15
        joints = body[:, at:at + 3 * N_JOINTS] * 0.1 + self.mean_pose
        return torch.cat([place, body[:, :at], joints, body[:, at + 3 * N_JOINTS:], slots, stature], -1), features


class Flat(nn.Module):
    """The same network with one input, as the program's engines take it: all inputs in a row."""

    def __init__(self, net, n_links):
        super().__init__()
        self.net, self.n_links = net, n_links

    def forward(self, inputs):
        """[1, links * (tokens + 12 + 1 + 2 * 140) + 980]."""
        n = self.n_links
        lengths = [n * len(self.net.token_mean), n * 12, n, n * N_CELLS, n * N_CELLS, 980]
        parts, at = [], 0
        for length in lengths:
            parts.append(inputs[:, at:at + length])
            at += length
        tokens, geometry, mask, maps, likelihoods, grid = parts
        return self.net(tokens.reshape(1, n, -1), geometry.reshape(1, n, 12), mask, maps.reshape(1, n, N_CELLS),
                        likelihoods.reshape(1, n, N_CELLS), grid.reshape(1, 7, 14, 10))


def split(out):
    """The answers by name; empty where the row ends before them."""
    answers, at = {}, 0
    for name, length in OUTPUTS:
        answers[name] = out[:, at:at + length]
        at += length
    if at == out.shape[1]:
        answers["joints"] = answers["joints"].reshape(-1, N_JOINTS, 3)
    return answers


def whitened_by(factor, d):
    """Error in units of its own predicted spread, and the log of the density's scale; last axes 3 and 2."""
    a, b, c = factor[..., 0].clamp(-4, 4), factor[..., 1], factor[..., 2].clamp(-4, 4)
    return torch.stack([a.exp() * d[..., 0] + b * d[..., 1], c.exp() * d[..., 1]], -1), a + c


def whitened(answers, root):
    return whitened_by(answers["root_factor"], root - answers["root"])


def root_sigma(answers):
    """Root of the mean variance of the root's two axes, metres."""
    a, b, c = answers["root_factor"].unbind(1)
    a, c = a.clamp(-4, 4), c.clamp(-4, 4)
    # e = F·d with F upper triangular; covariance is F⁻¹·F⁻ᵀ.
    trace = (-2 * a).exp() + (b * (-a - c).exp()).square() + (-2 * c).exp()
    return (trace / 2).sqrt()


def mirrored(joints):
    """The same body with left and right exchanged, in the body's frame."""
    return joints[:, MIRROR] * joints.new_tensor([1.0, -1.0, 1.0])


# Places of the facts in a person's answers: src/pose/targets.rs, PersonTarget::numbers.
HEADING, FACING, POSTURE, MOTION, STRIDE, SPEED, UPRIGHT, JOINTS, STATURE = (
    slice(4, 6), 6, 7, 9, 10, 13, 14, slice(15, 66), 66)


def crowd_loss(slots, people):
    """Least cost over all ways to give three slots to the people that are there; `people` [b, 3, 67]."""
    slots = slots.view(-1, N_SLOTS, 6)
    here = people[:, :, 0]
    d = people[:, None, :, 1:3] - slots[:, :, None, 1:3]
    error, log_scale = whitened_by(slots[:, :, None, 3:].expand(-1, -1, N_SLOTS, -1), d)
    placed = 0.5 * error.square().sum(-1).clamp(max=50.0) - log_scale
    placed = placed + 2 * nn.functional.smooth_l1_loss(d, torch.zeros_like(d), reduction="none").sum(-1)
    # [b, slot, person]: a slot that is given to somebody who is not there must say so.
    soft = nn.functional.softplus
    cost = here[:, None] * (placed + soft(-slots[:, :, :1])) + (1 - here[:, None]) * soft(slots[:, :, :1])
    ways = [sum(cost[:, slot, i] for i, slot in enumerate(way)) for way in itertools.permutations(range(N_SLOTS))]
    return torch.stack(ways, 1).amin(1).mean()


def place_loss(answers, root):
    error, log_scale = whitened(answers, root)
    likelihood = (0.5 * error.square().sum(1).clamp(max=50.0) - log_scale).mean()
    return likelihood + 2 * nn.functional.smooth_l1_loss(answers["root"], root)


def heading_loss(answers, person):
    """1 less the cosine of the angle, and the squared distance of the two vectors, for each window."""
    direction = nn.functional.normalize(answers["heading"], dim=1, eps=1e-4)
    turned = 1 - (direction * person[:, HEADING]).sum(1)
    return turned, (answers["heading"] - person[:, HEADING]).square().sum(1)


def second_loss(out, people):
    """What the second opinion about the place of one person learns by; the direction only helps it to learn."""
    answers, person = split(out), people[:, 0]
    turned, missed = heading_loss(answers, person)
    return 1.5 * place_loss(answers, person[:, 1:3]) + 0.5 * (turned * person[:, FACING]).mean() + 0.05 * missed.mean()


def loss(out, people, n_people, place=1.0, count=1.0):
    """`people` [b, 3, 67]; the answers about one person are taught only where there is one.

    Terms and weights after spec/pose.md section 8.4.
    """
    answers = split(out)
    cross = nn.functional.cross_entropy
    total = count * cross(answers["count"], n_people.clamp(max=2).long()) + crowd_loss(answers["slots"], people)
    person = people[:, 0]
    one = n_people == 1
    if not one.any():
        return total
    answers = {name: value[one] for name, value in answers.items()}
    person = person[one]
    root = person[:, 1:3]
    total = total + place * place_loss(answers, root)
    facing = person[:, FACING]
    turned, missed = heading_loss(answers, person)
    total = total + (turned * facing).mean() + 0.1 * missed.mean()
    confidence = answers["heading_confidence"][:, 0].clamp(-4, 4)
    wrong = turned.detach()
    total = total + 0.2 * ((wrong * confidence.exp() - confidence) * facing).mean()
    joints = person[:, JOINTS].reshape(-1, N_JOINTS, 3)
    plain = (answers["joints"] - joints).norm(dim=-1)
    other = (answers["joints"] - mirrored(joints)).norm(dim=-1)
    better = torch.where((other.mean(1) < plain.mean(1))[:, None], other, plain)
    total = total + 8 * better.mean()
    variance = answers["joint_log_variance"].clamp(-9, 2)
    total = total + 0.2 * (1.5 * variance + 0.5 * better.detach().square() / variance.exp()).mean()
    total = total + 0.3 * cross(answers["posture"], person[:, POSTURE].long())
    total = total + 0.3 * cross(answers["motion"], person[:, MOTION].long())
    figures = [("pelvis_height", 3, 3.0), ("stride", STRIDE, 3.0), ("speed", SPEED, 1.0), ("uprightness", UPRIGHT, 0.5)]
    for name, place, weight in figures:
        total = total + weight * nn.functional.smooth_l1_loss(answers[name][:, 0], person[:, place], beta=0.1)
    # Stature from the mean of adults, and the log of its spread; told from people who stand or walk.
    upright = (person[:, POSTURE] == 0).float()
    off = person[:, STATURE] - MEAN_STATURE_M - 0.1 * answers["stature"][:, 0]
    spread = answers["stature"][:, 1].clamp(-2, 2) - 2.5
    total = total + 0.1 * ((spread + 0.5 * (off / spread.exp()).square().clamp(max=20)) * upright).mean()
    span = (joints[:, 15, 0] - joints[:, 16, 0]).abs()
    drawn = (answers["joints"][:, 15, 0] - answers["joints"][:, 16, 0]).abs()
    walking = (person[:, MOTION] == 0).float()
    return total + 2 * ((drawn - span).square() * walking).mean()
