//! From bytes to a compact arena tree.
