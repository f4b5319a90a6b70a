//! One ADR-018 datagram: the payload of a UDP packet, little-endian throughout.

use super::{complex, dbm, frame, layout, link_of_node};
use crate::capture::format::{Context, Step};
use crate::types::{CsiFrame, FrameFlags, Other, SkipReason};

const RAW_CSI_MAGIC: u32 = 0xC511_0001;
/// Vitals, features, fused vitals, compressed CSI, feature state, temporal class, mesh and those of forks.
const FAMILY: u32 = 0xC511;
const HEADER_LEN: usize = 20;

/// Decodes one datagram; `None` when it is not from a RuView node. The step always uses the whole payload.
///
/// The node's clock is not in it: the frame's time is when it arrived.
pub fn datagram(payload: &[u8], context: &Context) -> Option<Step> {
    let used = payload.len();
    let magic = u32::from_le_bytes(*payload.first_chunk()?);
    if magic >> 16 != FAMILY {
        return None;
    }
    if magic != RAW_CSI_MAGIC {
        return Some(Step::Pass { used, other: Some(Other::WithoutCsi) });
    }
    Some(match raw_csi(payload, context) {
        Ok(frame) => Step::Frame { used, frame },
        Err(reason) => Step::Skip { used, reason },
    })
}

fn raw_csi(payload: &[u8], context: &Context) -> Result<CsiFrame, SkipReason> {
    let (header, iq) = payload.split_first_chunk::<HEADER_LEN>().ok_or(SkipReason::CutTail)?;
    let &[_, _, _, _, node, n_antennas, n0, n1, f0, f1, f2, f3, s0, s1, s2, s3, rssi, noise, _, _] = header;
    let n_subcarriers = usize::from(u16::from_le_bytes([n0, n1]));
    if n_antennas == 0 {
        return Err(SkipReason::BadHeader);
    }
    if n_subcarriers == 0 {
        return Err(SkipReason::BadValueCount);
    }
    let iq_len = usize::from(n_antennas) * n_subcarriers * 2;
    let claimed = iq.get(..iq_len).ok_or(SkipReason::CutTail)?;
    let layout = layout(n_subcarriers).ok_or(SkipReason::UnknownLayout)?;
    let mut flags = FrameFlags::default();
    if iq.len() != iq_len {
        flags.insert(FrameFlags::LENGTH_MISMATCH);
    }
    let mut frame = frame(link_of_node(u16::from(node)), layout, complex(claimed)?, flags);
    // No radio of this family works above 7.2 GHz; a larger number is no frequency.
    let centre_mhz = u32::from_le_bytes([f0, f1, f2, f3]);
    frame.channel.centre_mhz = u16::try_from(centre_mhz).ok().filter(|mhz| *mhz <= 7_200).unwrap_or(0);
    frame.n_rx = n_antennas;
    frame.sequence = Some(u32::from_le_bytes([s0, s1, s2, s3]));
    frame.rssi_dbm = dbm(f32::from(rssi.cast_signed()));
    frame.noise_dbm = dbm(f32::from(noise.cast_signed()));
    frame.host_time = context.arrival;
    Ok(frame)
}
