//! Small learners that are fitted where the data is, in seconds, and always to the same result.
//!
//! Tables are lists of rows of equal length; a row that is shorter counts as filled with zeros. Classes are 0, 1, ….

pub mod forest;
pub mod kernel;
pub mod logistic;
pub mod network;
pub mod scale;

pub use forest::{Forest, ForestOptions};
pub use kernel::{Kernel, KernelOptions};
pub use logistic::Logistic;
pub use network::{Network, NetworkOptions};
pub use scale::Scale;
