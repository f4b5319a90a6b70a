//! Features of clean channels to events: presence, activity, breathing, falls; and the evaluation that says what they are
//! worth.
//!
//! Pure: no clock, no I/O, no threads; randomness from seeds. Detectors take one link's amplitudes and never an absolute
//! level: each room, chip and gain setting has its own. Whatever stands in the way of a verdict (a machine that masks
//! movement, too slow a packet rate, gaps) is a state of its own and not a guess. [`evaluation`] prints three controls
//! beside every score, because on recordings whose classes coincide with days a model needs no movement to look good.

pub mod activity;
pub mod breathing;
pub mod burst;
pub mod clean;
pub mod evaluation;
pub mod fall;
pub mod gain;
pub mod learn;
pub mod masking;
pub mod order;
pub mod presence;
pub mod series;
pub mod spectrogram;
pub mod watch;
