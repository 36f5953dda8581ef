//! Commit messages as text: lines, sections, fields, lists, and the way in which any value fits between them.

mod document;
mod fields;
mod items;
mod shield;
mod tidy;
mod writer;

pub use document::Section;
pub(crate) use document::{Document, LARGEST, free_text, parts};
pub(crate) use fields::Fields;
pub(crate) use items::{capability_items, path_items, tidied as tidied_items};
pub(crate) use tidy::{one_line, tidy};
pub use writer::Unwritable;
pub(crate) use writer::Writer;
