#[derive(Debug)]
pub struct Parser {
    pub depth: u32,
}

pub enum Kind {
    Parser,
    Other(Parser),
}

impl Parser {
    /// Makes a Parser.
    pub fn new() -> Self {
        Parser { depth: 0 }
    }
}
