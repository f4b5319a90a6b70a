//! What a network that sees people is fed with, what it is taught, and when it must not be believed.
//!
//! Goes in: a window of packets of each link, where the radios stand, the room. Comes out: numbers of fixed shape per
//! link ([`LinkTokens`]), a picture of the floor ([`FloorGrid`]), and the reasons why a window is none ([`Unfit`]) or
//! lies outside what the network was made for ([`support`]). [`targets`] turns a known scene into the answers of
//! training. Pure: no clock, no I/O; no network is run here. The recipe is `spec/pose.md` section 8.

mod bands;
mod empty_room;
mod grid;
mod inputs;
pub mod layout;
mod spectra;
pub mod support;
pub mod targets;
mod tokens;
mod window;

pub use bands::Bands;
pub use empty_room::EmptyRoom;
pub use grid::{FloorGrid, LinkMap};
pub use inputs::{FEW_LINKS, NetworkInputs};
pub use tokens::{LinkTokens, TokenMaker};
pub use window::{LinkGeometry, LinkWindow, Packets, Unfit};
