//! Mesh files (OBJ, PLY, STL, glTF) to triangle meshes in metres.
//!
//! Reads only; writing is in export.
