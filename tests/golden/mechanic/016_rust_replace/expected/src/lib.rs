mod util;
use util::{old, fresh};
fn f() -> i32 {
    let g = old;
    util::fresh(fresh(3, 2), 1) + g(1, 2) + util::old(1)
}
