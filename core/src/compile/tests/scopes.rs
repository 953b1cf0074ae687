//! What the analysis says about variables.
