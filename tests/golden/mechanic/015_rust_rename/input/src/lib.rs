//! A [`Parser`] reads.
mod parse;
pub use parse::{Kind, Parser};
pub use crate::parse::Parser as ThingParser;

pub trait Make {
    type Parser;
    fn parser(&self) -> Self::Parser;
}

impl Make for Kind {
    type Parser = Parser;
    fn parser(&self) -> Parser {
        match self {
            Kind::Parser => Parser { depth: 1 },
            Kind::Other(p) => Parser { depth: p.depth },
        }
    }
}

pub fn show() -> std::net::Parser {
    let parser = parse::Parser::new();
    println!("Parser {}", parser.depth);
    vec![Parser::new()]
}
