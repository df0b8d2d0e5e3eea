pub fn old(a: i32, b: i32) -> i32 {
    fresh(b, a)
}
pub fn fresh(b: i32, a: i32) -> i32 {
    a - b
}
