// How much of the key light, a disc in the sky, reaches a point: looked up in the map that the light sees.

// Half the disc's width one metre away, and the softness that even contact has, metres.
const LAMP: f32 = 0.11;
const LEAST_BLUR: f32 = 0.012;

// One of sixteen turns; each comes once in a tile of four by four pixels, over which what follows is smoothed.
fn turn_of(pixel: vec2<f32>) -> f32 {
    let at = vec2<u32>(pixel);
    let mixed = at.x ^ at.y;
    let rank = (mixed & 1u) * 8u + (at.y & 1u) * 4u + (mixed & 2u) + ((at.y >> 1u) & 1u);
    return f32(rank) * 0.39269908;
}

// The i-th of n places spread evenly over the unit disc (Vogel's spiral), turned by `turn`.
fn on_disc(i: i32, n: i32, turn: f32) -> vec2<f32> {
    let angle = f32(i) * 2.3999632 + turn;
    return sqrt((f32(i) + 0.5) / f32(n)) * vec2<f32>(cos(angle), sin(angle));
}

fn caster_at(uv: vec2<f32>) -> f32 {
    let size = vec2<f32>(textureDimensions(light_map));
    let inside = all(uv >= vec2<f32>(0.0)) && all(uv < vec2<f32>(1.0));
    // Nothing casts from outside the map.
    return select(1e9, textureLoad(light_map, vec2<i32>(clamp(uv, vec2<f32>(0.0), vec2<f32>(0.9999)) * size), 0).x, inside);
}

// Percentage-closer soft shadows (Fernando 2005): first how far away what is in the way is, then how much is in it.
fn key_light_reaching(point: vec3<f32>, n_search: i32, n_taps: i32, turn: f32) -> f32 {
    let place = (frame.light_from_room * vec4<f32>(point, 1.0)).xyz;
    let width = frame.light.x;
    let reach = LEAST_BLUR + LAMP * clamp(place.z, 0.0, frame.light.y);
    var n_found = 0.0;
    var sum = 0.0;
    for (var i = 0; i < n_search; i++) {
        let caster = caster_at(place.xy + on_disc(i, n_search, turn) * reach / width);
        if caster < place.z {
            n_found += 1.0;
            sum += caster;
        }
    }
    if n_found == 0.0 {
        return 1.0;
    }
    let blur = LEAST_BLUR + LAMP * (place.z - sum / n_found);
    var n_free = 0.0;
    for (var i = 0; i < n_taps; i++) {
        n_free += step(place.z, caster_at(place.xy + on_disc(i, n_taps, turn) * blur / width));
    }
    return n_free / f32(n_taps);
}
