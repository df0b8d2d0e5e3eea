pub fn stretch(a: i32, b: i32) -> i32 { a * b }

pub struct Map;

impl Map {
    pub fn scale(&self) -> i32 { stretch(1, 2) }
}

#[test]
fn test_scale() { assert_eq!(stretch(1, 2) + Map.scale() + crate::math::stretch(1, 1), 5); }
