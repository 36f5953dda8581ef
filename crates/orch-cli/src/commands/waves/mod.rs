//! What only plans of waves have.

mod plan;
mod sessions;

pub(crate) use plan::run as plan;
pub(crate) use sessions::run as sessions;
