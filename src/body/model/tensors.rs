//! Named arrays out of a compressed safetensors file, each checked for type and shape before use.

use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::LoadError;

/// More than twice the unpacked size of the file we ship; what claims to be larger is not it.
const MAX_UNPACKED_BYTES: u64 = 96 << 20;

/// Unpacks the Zstandard frame. The size is bounded before anything is allocated.
pub fn unpack(bytes: &[u8]) -> Result<Vec<u8>, LoadError> {
    let claimed = match zstd::zstd_safe::get_frame_content_size(bytes) {
        Ok(Some(n)) if n <= MAX_UNPACKED_BYTES => n,
        Ok(Some(n)) => return Err(LoadError::TooLarge { claimed_bytes: n }),
        Ok(None) => MAX_UNPACKED_BYTES,
        Err(_) => return Err(LoadError::NotZstandard),
    };
    zstd::bulk::decompress(bytes, claimed as usize).map_err(|_| LoadError::NotZstandard)
}

/// The arrays of one file.
pub struct Tensors<'a> {
    arrays: SafeTensors<'a>,
    /// The JSON text under the header's key `anny`.
    pub metadata: String,
}

impl<'a> Tensors<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, LoadError> {
        let (_, header) = SafeTensors::read_metadata(bytes)?;
        let metadata =
            header.metadata().as_ref().and_then(|m| m.get("anny")).cloned().ok_or(LoadError::Missing("metadata"))?;
        Ok(Self { arrays: SafeTensors::deserialize(bytes)?, metadata })
    }

    /// The bytes of an array of exactly this type and shape; `None` in `shape` takes any length.
    fn raw(&self, name: &'static str, dtype: Dtype, shape: &[Option<usize>]) -> Result<&'a [u8], LoadError> {
        let array = match self.arrays.tensor(name) {
            Ok(array) => array,
            Err(SafeTensorError::TensorNotFound(_)) => return Err(LoadError::Missing(name)),
            Err(other) => return Err(other.into()),
        };
        let found = array.shape();
        let fits = found.len() == shape.len() && shape.iter().zip(found).all(|(want, n)| want.is_none_or(|w| w == *n));
        if array.dtype() != dtype || !fits {
            return Err(LoadError::Shape { name, found: format!("{:?} {found:?}", array.dtype()) });
        }
        Ok(array.data())
    }

    pub fn u8(&self, name: &'static str, shape: &[Option<usize>]) -> Result<&'a [u8], LoadError> {
        self.raw(name, Dtype::U8, shape)
    }

    /// Little-endian 16-bit words, left where they are.
    pub fn words(&self, name: &'static str, dtype: Dtype, shape: &[Option<usize>]) -> Result<&'a [[u8; 2]], LoadError> {
        Ok(self.raw(name, dtype, shape)?.as_chunks().0)
    }

    pub fn u16(&self, name: &'static str, shape: &[Option<usize>]) -> Result<Vec<u16>, LoadError> {
        Ok(self.raw(name, Dtype::U16, shape)?.as_chunks().0.iter().map(|b| u16::from_le_bytes(*b)).collect())
    }

    pub fn i16(&self, name: &'static str, shape: &[Option<usize>]) -> Result<Vec<i16>, LoadError> {
        Ok(self.raw(name, Dtype::I16, shape)?.as_chunks().0.iter().map(|b| i16::from_le_bytes(*b)).collect())
    }

    pub fn u32(&self, name: &'static str, shape: &[Option<usize>]) -> Result<Vec<u32>, LoadError> {
        Ok(self.raw(name, Dtype::U32, shape)?.as_chunks().0.iter().map(|b| u32::from_le_bytes(*b)).collect())
    }

    /// Every value is finite.
    pub fn f32(&self, name: &'static str, shape: &[Option<usize>]) -> Result<Vec<f32>, LoadError> {
        let values: Vec<f32> =
            self.raw(name, Dtype::F32, shape)?.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        if values.iter().all(|v| v.is_finite()) { Ok(values) } else { Err(LoadError::Values { name }) }
    }
}
