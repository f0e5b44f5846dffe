//! Bodies of the HTTP interface (wire.md §5).
