pub struct Version(u32);

impl Version {
    pub fn parse(text: &str) -> Version { Version(text.parse().unwrap()) }
    pub fn from_text(text: &str) -> Version { Version(text.parse().unwrap()) }
}

pub fn both(text: &str) -> u32 {
    let number: u32 = text.parse().unwrap();
    Version::from_text(text).0 + crate::Version::parse("1").0 + number + Other::parse(text)
}

pub struct Other;

impl Other {
    fn parse(_: &str) -> u32 { 1 }
}

pub fn left(texts: &[&str]) -> Vec<Version> { texts.iter().map(|t| Version::from_text(t)).chain([Version::parse]).collect() }
