//! Specs of weavers (seed 003).
