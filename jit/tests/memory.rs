//! Memory for code when the system refuses things, when chunks come and go, and at its limit.
