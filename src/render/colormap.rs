//! Data colour maps: perceptually even and safe for colour-blind readers.

/// Which colours a value between 0 and 1 gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Colormap {
    /// Dark blue over green to yellow: amplitude.
    Viridis,
    /// Black over purple and orange to cream: power, Doppler.
    Magma,
    /// Cyclic, both ends alike: phase.
    Twilight,
    /// Blue over white to red: signed differences.
    Diverging,
}
