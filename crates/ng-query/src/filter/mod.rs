//! Filters: a typed tree, written by hand, parsed or printed.
