//! What a worker is told: templates that a person can read and override.
