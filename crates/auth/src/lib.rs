//! Who a caller is: identities and how they are derived.

mod identity;

pub use identity::Identity;
