pub fn scale(a: i32, b: i32) -> i32 { a * b }

pub struct Map;

impl Map {
    pub fn scale(&self) -> i32 { scale(1, 2) }
}

#[test]
fn test_scale() { assert_eq!(scale(1, 2) + Map.scale() + crate::math::scale(1, 1), 5); }
