//! Files that must not be lost: atomic replacement, the checksummed history, the lock, paths beneath a folder.
