//! Many short texts in one piece.

use alloc::string::String;
use alloc::vec::Vec;

/// Texts with dense numbers: one allocation for all of them instead of one each. At a million tasks names and titles are
/// most of a plan's memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    text: String,
    /// Where each ends in `text`.
    ends: Vec<u32>,
}

impl Texts {
    pub(super) fn with_capacity(texts: usize, bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ends: Vec::with_capacity(texts) }
    }

    /// Adds a text and says where it starts.
    ///
    /// # Panics
    /// When all texts together reach 4 GiB.
    pub(super) fn push(&mut self, text: &str) -> u32 {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        self.ends.push(u32::try_from(self.text.len()).expect("the names of a plan are less than 4 GiB"));
        start
    }

    /// All of them, one after the other.
    pub(super) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text with this number; past the last one they are empty.
    pub(super) fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let Some(&end) = self.ends.get(number) else { return "" };
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.text[start as usize..end as usize]
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}
