#[derive(Debug)]
pub struct Reader {
    pub depth: u32,
}

pub enum Kind {
    Parser,
    Other(Reader),
}

impl Reader {
    /// Makes a Reader.
    pub fn new() -> Self {
        Reader { depth: 0 }
    }
}
