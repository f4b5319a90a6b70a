//! The radios that windows and evaluations can be simulated with, as the command line names them.

use clap::ValueEnum;

use crate::simulate::RadioFormat;

/// What the radios deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Radio {
    /// Intel 5300, 30 tones of 40 MHz.
    Intel40,
    /// Intel 5300, 30 tones of 20 MHz.
    Intel20,
    /// No product's: 56 tones of 40 MHz, as in the demo.
    Plain56,
    /// Atheros, 56 tones of 20 MHz.
    Atheros20,
    /// Atheros, 114 tones of 40 MHz.
    Atheros40,
}

impl From<Radio> for RadioFormat {
    fn from(radio: Radio) -> Self {
        match radio {
            Radio::Intel40 => Self::Intel5300Ht40,
            Radio::Intel20 => Self::Intel5300Ht20,
            Radio::Plain56 => Self::Plain,
            Radio::Atheros20 => Self::Atheros20,
            Radio::Atheros40 => Self::Atheros40,
        }
    }
}
