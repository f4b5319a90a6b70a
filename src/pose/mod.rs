//! What a network that sees people is fed with, what it is taught, when it must not be believed, and how much of what it says may be
//! shown.
//!
//! Goes in: a window of packets of each link, where the radios stand, the room. Comes out: numbers of fixed shape per
//! link with how likely a body in each cell makes them ([`LinkTokens`]), a picture of the floor ([`FloorGrid`]), and the
//! reasons why a window is none ([`Unfit`]) or lies outside what the network was made for ([`support`]). [`Perceiver`] makes
//! windows from frames as they come, and [`Answers`] are what a network makes of them. [`targets`] turns a known scene into the
//! answers of training. [`shown`] says how much of a pose the evidence carries: a disc and a word, a direction and a template,
//! or a skeleton whose parts are drawn, greyed or left out; [`limits`] draws joints back to what bones allow. Pure: no clock,
//! no I/O; no network is run here. The recipe is `spec/pose.md` section 8.

mod answers;
mod bands;
mod description;
mod empty_room;
mod grid;
mod hermitian;
mod inputs;
pub mod layout;
mod likelihood;
pub mod limits;
mod paths;
mod perceiver;
pub mod shown;
mod spectra;
mod stature;
mod steady;
mod stream;
pub mod support;
pub mod targets;
mod tokens;
mod window;

pub use answers::{Answers, pose_from_pelvis};
pub use bands::Bands;
pub use description::{Calibration, Description, Supports};
pub use empty_room::EmptyRoom;
pub use grid::{FloorGrid, LinkMap};
pub use inputs::{FEW_LINKS, NetworkInputs};
pub use limits::limited;
pub use perceiver::{Perceiver, PoseWindow, Reading};
pub use shown::{Evidence, Part, Refusal, Shown, shown};
pub use stream::OwnedPackets;
pub use support::Unsupported;
pub use tokens::{LinkInput, LinkTokens, TokenMaker};
pub use window::{LinkGeometry, LinkWindow, Packets, Unfit};
