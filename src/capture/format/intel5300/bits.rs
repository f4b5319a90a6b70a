//! The Intel 5300's packed channel: per subcarrier three header bits, then 8+8 bits per antenna pair.
//!
//! In: the payload of a 0xBB record (also what PicoScenes stores for this radio). Out: values as `[rx][tx][subcarrier]`.

use num_complex::Complex32;

/// Subcarrier groups in every report.
pub(in super::super) const N_GROUPS: usize = 30;
/// The card has three receive and at most three transmit chains.
const MAX_CHAINS: u8 = 3;

/// Bytes of a payload with these antennas; `None` for numbers that the card cannot have.
pub(in super::super) fn payload_len(n_rx: u8, n_tx: u8) -> Option<usize> {
    let is_possible = (1..=MAX_CHAINS).contains(&n_rx) && (1..=MAX_CHAINS).contains(&n_tx);
    is_possible.then(|| (N_GROUPS * (usize::from(n_rx) * usize::from(n_tx) * 16 + 3)).div_ceil(8))
}

/// The antenna that each receive chain on the wire belongs to; `None` where the header does not say it.
///
/// The vendor's reader demands that the three 1-based numbers in `antenna_sel` sum to 1, 3 or 6 for one, two or three
/// chains and then writes chain `j` to `perm[j]`. Two chains never pass, because three numbers from 1 up that sum to 3
/// are all 1; a sum of 6 may still name an antenna twice. So only a true permutation of three is applied.
pub(in super::super) fn chain_order(n_rx: u8, antenna_sel: u8) -> Option<[usize; 3]> {
    let antenna = |shift: u8| usize::from(antenna_sel >> shift & 3);
    match (n_rx, [antenna(0), antenna(2), antenna(4)]) {
        (1, _) => Some([0, 1, 2]),
        (3, [a, b, c]) if a != b && b != c && a != c && a.max(b).max(c) < 3 => Some([a, b, c]),
        _ => None,
    }
}

/// Unpacks all values and sums |value|²; `order` none leaves chains as they are on the wire.
pub(in super::super) fn unpack(
    payload: &[u8],
    n_rx: u8,
    n_tx: u8,
    order: Option<[usize; 3]>,
) -> Option<(Vec<Complex32>, u32)> {
    if payload.len() < payload_len(n_rx, n_tx)? {
        return None;
    }
    let n_chains = usize::from(n_rx) * usize::from(n_tx);
    let rx_to = order.unwrap_or([0, 1, 2]);
    let mut values = vec![Complex32::ZERO; n_chains * N_GROUPS];
    let energy = match n_chains {
        1 => unpack_chains::<1>(payload, &mut values, rx_to, n_tx),
        2 => unpack_chains::<2>(payload, &mut values, rx_to, n_tx),
        3 => unpack_chains::<3>(payload, &mut values, rx_to, n_tx),
        4 => unpack_chains::<4>(payload, &mut values, rx_to, n_tx),
        6 => unpack_chains::<6>(payload, &mut values, rx_to, n_tx),
        9 => unpack_chains::<9>(payload, &mut values, rx_to, n_tx),
        _ => None,
    }?;
    Some((values, energy))
}

/// `N` antenna pairs per subcarrier, known at compile time so that the inner loop has no branch.
fn unpack_chains<const N: usize>(payload: &[u8], values: &mut [Complex32], rx_to: [usize; 3], n_tx: u8) -> Option<u32> {
    let (chains, _) = values.as_chunks_mut::<N_GROUPS>();
    let chains: &mut [[Complex32; N_GROUPS]; N] = chains.try_into().ok()?;
    let n_tx = usize::from(n_tx);
    let slots: [usize; N] = std::array::from_fn(|pair| {
        let rx = rx_to.get(pair / n_tx).copied().unwrap_or(0);
        rx * n_tx + pair % n_tx
    });
    let mut energy = 0;
    for group in 0..N_GROUPS {
        let bit = 3 * (group + 1) + 16 * N * group;
        let packed = payload.get(bit / 8..bit / 8 + 2 * N + 1)?;
        for (pair, slot) in slots.into_iter().enumerate() {
            let word = u32::from_le_bytes([packed[2 * pair], packed[2 * pair + 1], packed[2 * pair + 2], 0]);
            let [re, im, ..] = (word >> (bit % 8)).to_le_bytes().map(u8::cast_signed);
            energy += u32::from(re.unsigned_abs()).pow(2) + u32::from(im.unsigned_abs()).pow(2);
            *chains.get_mut(slot)?.get_mut(group)? = Complex32::new(f32::from(re), f32::from(im));
        }
    }
    Some(energy)
}
