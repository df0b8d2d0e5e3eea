//! A [`Reader`] reads.
mod parse;
pub use parse::{Kind, Reader};
pub use crate::parse::Reader as ThingParser;

pub trait Make {
    type Parser;
    fn parser(&self) -> Self::Parser;
}

impl Make for Kind {
    type Parser = Reader;
    fn parser(&self) -> Reader {
        match self {
            Kind::Parser => Reader { depth: 1 },
            Kind::Other(p) => Reader { depth: p.depth },
        }
    }
}

pub fn show() -> std::net::Parser {
    let parser = parse::Reader::new();
    println!("Parser {}", parser.depth);
    vec![Reader::new()]
}
