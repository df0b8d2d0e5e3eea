pub mod math;
pub use math::scale;

/// See [`scale`].
pub fn twice(a: i32) -> i32 { scale(a, 2) }
