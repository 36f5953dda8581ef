//! The five systems: for each, load a plan, record, tell the worker, read back, finish.
