//! The header of the `CSI` segment, versions 1 to 4, and the bytes that hold the channel.

use super::super::records::{bytes_at, u16_le, u32_le, u64_le};
use super::super::tones::PacketFormat;
use crate::types::SkipReason;

pub(super) const IWL5300: u16 = 0x5300;
pub(super) const QCA9300: u16 = 0x9300;
pub(super) const AX200: u16 = 0x2000;
pub(super) const AX210: u16 = 0x2100;
pub(super) const USRP: u16 = 0x1234;

pub(super) struct Csi<'a> {
    pub device: u16,
    pub format: PacketFormat,
    pub bandwidth_mhz: u16,
    pub carrier_mhz: u16,
    pub n_tones: u16,
    pub n_tx: u8,
    pub n_rx: u8,
    /// Extension streams that only sound the channel.
    pub n_extra: u8,
    pub antenna_sel: u8,
    /// Added to every subcarrier number.
    pub offset: i16,
    /// The channel in the device's packing.
    pub data: &'a [u8],
}

impl<'a> Csi<'a> {
    pub fn read(version: u16, body: &'a [u8]) -> Result<Self, SkipReason> {
        if !(1..=4).contains(&version) {
            return Err(SkipReason::UnknownHardware);
        }
        Self::read_known(version, body).ok_or(SkipReason::BadHeader)
    }

    fn read_known(version: u16, body: &'a [u8]) -> Option<Self> {
        let device = u16_le(body, 0)?;
        // Version 4 puts the firmware's number after the device.
        let fields = body.get(if version >= 4 { 3 } else { 2 }..)?;
        let [format] = bytes_at(fields, 0)?;
        let [n_tx, n_rx, n_extra] = bytes_at(fields, 25)?;
        // Version 3 put the number of measurements before the antennas, version 2 the offset behind them.
        let antennas_at = if version >= 3 { 30 } else { 28 };
        let [antenna_sel] = bytes_at(fields, antennas_at)?;
        let offset = if version >= 2 { bytes_at(fields, antennas_at + 1).map(i16::from_le_bytes)? } else { 0 };
        let len_at = antennas_at + if version >= 2 { 3 } else { 1 };
        let len = usize::try_from(u32_le(fields, len_at)?).ok()?;
        Some(Self {
            device,
            format: match format {
                0 => PacketFormat::NonHt,
                1 => PacketFormat::Ht,
                2 => PacketFormat::Vht,
                // Single-user and multi-user.
                3 | 4 => PacketFormat::He,
                _ => PacketFormat::Unknown,
            },
            bandwidth_mhz: u16_le(fields, 1)?,
            carrier_mhz: u16::try_from(u64_le(fields, 3)? / 1_000_000).unwrap_or(0),
            n_tones: u16_le(fields, 23)?,
            n_tx,
            n_rx,
            n_extra,
            antenna_sel,
            offset,
            data: fields.get(len_at + 4..)?.get(..len)?,
        })
    }
}
