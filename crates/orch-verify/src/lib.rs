//! Evidence for a claim of done.
