//! viewtron.
