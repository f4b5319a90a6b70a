//! Radio channel simulator: rooms, people who live in them and hardware faults in, CSI frames and their ground truth out.
//!
//! Pure: no clock and no I/O; one seed gives one stream of frames. Waves go straight, off the outer walls up to twice,
//! off inner walls and furniture once, and over every moving body directly and by one wall. Polarisation other than
//! upright, the shadow of furniture and echoes between two bodies are not modelled; real rooms are harder.

mod air;
mod antenna;
mod anthropometry;
mod clip;
mod dice;
mod director;
mod falls;
mod figure;
mod gait;
mod grid;
mod keys;
mod ladder;
mod material;
mod motion;
mod person;
mod postures;
mod random;
pub mod reality;
mod receiver;
mod recorded;
mod scatter;
mod scene;
mod script;
mod simulator;
mod spec;
mod stories;
mod thing;

pub use antenna::Antenna;
pub use clip::Clip;
pub use grid::RadioFormat;
pub use material::{Material, Wall};
pub use random::SceneOptions;
pub use recorded::RecordedMotion;
pub use script::{Script, Step};
pub use simulator::{BONES, N_DRAWN_JOINTS, Simulator};
pub use spec::{FurnitureSpec, OtherFormat, PersonSpec, RadioSpec, SimulatedFaults, SimulatorSpec, ThingSpec};
