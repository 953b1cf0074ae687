//! Listings of small programs.
