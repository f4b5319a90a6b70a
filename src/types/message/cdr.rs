//! Common Data Representation, little endian, as ROS 2 writes it (XCDR version 1): plain numbers, each aligned to its
//! own size counted from the end of the four-byte header.
//!
//! Reading never allocates by a claimed length: a sequence is handed out as the bytes that are really there.

/// Representation identifier "CDR, little endian", and two option bytes that mean nothing here.
const HEADER: [u8; 4] = [0, 1, 0, 0];

pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// Where the header ends: alignment counts from here.
    origin: usize,
}

impl<'a> Writer<'a> {
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        out.extend_from_slice(&HEADER);
        let origin = out.len();
        Self { out, origin }
    }

    /// One number; `N` is its size and its alignment.
    pub fn number<const N: usize>(&mut self, bytes: [u8; N]) {
        let used = self.out.len() - self.origin;
        self.out.resize(self.origin + used.next_multiple_of(N), 0);
        self.out.extend_from_slice(&bytes);
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    pub fn flag(&mut self, flag: bool) {
        self.out.push(u8::from(flag));
    }

    /// A sequence: its length, then its numbers.
    pub fn sequence<const N: usize>(&mut self, n: usize, numbers: impl Iterator<Item = [u8; N]>) {
        self.number((n as u32).to_le_bytes());
        numbers.for_each(|number| self.number(number));
    }
}

/// Every answer is `None` once the bytes have run out.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(message: &'a [u8]) -> Option<Self> {
        let bytes = message.strip_prefix(&HEADER[..2])?.get(2..)?;
        Some(Self { bytes, at: 0 })
    }

    /// How far it has read, counted from the end of the header.
    pub fn position(&self) -> usize {
        self.at
    }

    pub fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        let start = self.at.next_multiple_of(N);
        let number = self.bytes.get(start..)?.first_chunk()?;
        self.at = start + N;
        Some(*number)
    }

    pub fn flag(&mut self) -> Option<bool> {
        self.number::<1>().map(|[byte]| byte != 0)
    }

    /// A sequence of numbers of `N` bytes, as many as it says or nothing.
    pub fn sequence<const N: usize>(&mut self) -> Option<&'a [[u8; N]]> {
        let n = usize::try_from(u32::from_le_bytes(self.number()?)).ok()?;
        if n == 0 {
            return Some(&[]);
        }
        let start = self.at.next_multiple_of(N);
        let end = start.checked_add(n.checked_mul(N)?)?;
        let (numbers, _) = self.bytes.get(start..end)?.as_chunks();
        self.at = end;
        Some(numbers)
    }

    /// The bytes between two positions.
    pub fn span(&self, start: usize, end: usize) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }
}
