// A ring of time slots (one texel row each) as a picture: time to the right, bins upwards. Mirrors `render/waterfall.rs`.

struct View {
    // Slot at the picture's left edge, counted from the oldest valid one, and slots per pixel.
    first_slot: f32,
    slots_per_px: f32,
    // Bin at the picture's lower edge and bins per pixel.
    first_bin: f32,
    bins_per_px: f32,
    // Ring row of the oldest valid slot, rows in the ring, valid slots, bins.
    oldest_row: u32,
    n_rows: u32,
    n_valid: u32,
    n_bins: u32,
    gap: vec4<f32>,
    low: f32,
    high: f32,
    // 0 amplitude in dB, 1 phase, 2 the value itself.
    mode: u32,
    // Row of the colour table.
    colormap: u32,
    height: f32,
    pad_a: f32,
    pad_b: f32,
    pad_c: f32,
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var slots: texture_2d<f32>;
@group(0) @binding(2) var colormaps: texture_2d<f32>;

// Larger than any value: no data here.
const GAP: f32 = 1e38;
// Pixels that cover more are sampled evenly.
const MAX_PER_PX: i32 = 8;

@vertex
fn vs_picture(@builtin(vertex_index) vertex: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(f32(vertex & 1u) * 4.0 - 1.0, f32(vertex >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

// What a value counts as before it gets a colour.
fn level(value: vec2<f32>) -> f32 {
    switch view.mode {
        case 0u: {
            // 20 log10 of the magnitude, by way of its square; silence is far below any scale.
            return 3.01029996 * log2(max(dot(value, value), 1e-30));
        }
        case 1u: {
            return atan2(value.y, value.x);
        }
        default: {
            return value.x;
        }
    }
}

@fragment
fn fs_picture(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let left = floor(position.x);
    let below = view.height - 1.0 - floor(position.y);
    let slot_a = view.first_slot + left * view.slots_per_px;
    let bin_a = view.first_bin + below * view.bins_per_px;
    // A phase is no quantity of which the largest would say something.
    let most = select(MAX_PER_PX, 1, view.mode == 1u);
    let n_slots = clamp(i32(ceil(view.slots_per_px)), 1, most);
    let n_bins = clamp(i32(ceil(view.bins_per_px)), 1, most);
    var best = -GAP;
    for (var i = 0; i < n_slots; i++) {
        let slot = floor(slot_a + view.slots_per_px * (f32(i) + 0.5) / f32(n_slots));
        if slot < 0.0 || slot >= f32(view.n_valid) {
            continue;
        }
        let row = (view.oldest_row + u32(slot)) % view.n_rows;
        for (var j = 0; j < n_bins; j++) {
            let bin = floor(bin_a + view.bins_per_px * (f32(j) + 0.5) / f32(n_bins));
            if bin < 0.0 || bin >= f32(view.n_bins) {
                continue;
            }
            let value = textureLoad(slots, vec2<i32>(i32(bin), i32(row)), 0).xy;
            if value.x < GAP {
                best = max(best, level(value));
            }
        }
    }
    if best <= -GAP {
        return view.gap;
    }
    let share = clamp((best - view.low) / (view.high - view.low), 0.0, 1.0);
    return textureLoad(colormaps, vec2<i32>(i32(share * 255.0 + 0.5), i32(view.colormap)), 0);
}
