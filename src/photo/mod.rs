//! Files, clipboard and drops to upright, bounded sRGB photos; metadata are read, then stripped.
//!
//! Never writes a pixel to disk and never names a path in a log.
