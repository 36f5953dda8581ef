//! State that other tools read as JSON.
