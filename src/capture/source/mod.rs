//! The sources themselves.
