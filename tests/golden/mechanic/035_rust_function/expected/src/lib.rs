pub mod math;
pub use math::stretch;

/// See [`stretch`].
pub fn twice(a: i32) -> i32 { stretch(a, 2) }
