//! The driver: the only loop. Asks the core what may happen, records it, then lets it happen.
