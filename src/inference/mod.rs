//! ONNX networks behind one trait, on native ONNX Runtime or on tract; manifest and hash check.
//!
//! Photos in, observations out.
