mod util;
use util::old;
fn f() -> i32 {
    let g = old;
    util::old(1, old(2, 3)) + g(1, 2) + util::old(1)
}
