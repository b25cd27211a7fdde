//! Choices made by bytes: the same bytes make the same policy and request, fewer bytes make simpler
//! ones. So a property test can shrink them and a fuzzer can steer them.

/// What is left of the bytes.
pub(crate) struct Choices<'b>(&'b [u8]);

impl<'b> Choices<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    /// A number below `count`; 0, the simplest choice, when no bytes are left.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let (byte, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        usize::from(*byte) % count
    }

    /// True in one of `count` cases, and never when no bytes are left.
    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}
