//! Radio channel simulator: a room, a walking body and hardware faults in, CSI frames and their ground truth out.
//!
//! Pure: no clock and no I/O; one seed gives one stream of frames. It shows that the program works and gives tests
//! something to be right about. It is no claim about real rooms: reflections off two walls, antenna patterns, the shadow
//! of furniture and a second person are not modelled.

mod body;
mod dice;
mod receiver;
mod scene;
mod simulator;
mod spec;

pub use body::{BONES, Body, N_SCATTERERS};
pub use simulator::Simulator;
pub use spec::{SimulatedFaults, SimulatorSpec};
