//! Git through the program the user configured, with argument vectors only.
