//! The head of a Go file: its package and what it imports.
//!
//! Source: The Go Programming Language Specification, sections "Source file
//! organization", "Import declarations", "Comments" and "Semicolons". Imports stand
//! before everything else, so that the rest of the file is not looked at.

/// The head of a Go file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The name of the package.
    pub package: String,
    /// The paths that are imported, in order, without doubles left out.
    pub imports: Vec<String>,
}

/// Why a head cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderError {
    /// The one-based line.
    pub line: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl std::fmt::Display for HeaderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: expected {}", self.line, self.expected)
    }
}

impl std::error::Error for HeaderError {}

/// The most imports of one file.
const MOST_IMPORTS: usize = 10_000;

impl Header {
    /// Reads the head of a file.
    ///
    /// # Errors
    /// [`HeaderError`] where it is none by the specification.
    pub fn parse(source: &[u8]) -> Result<Self, HeaderError> {
        let rest = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
        let mut reader = Reader { rest, line: 1 };
        reader.space(true)?;
        let mut header = Self::default();
        if reader.word() != Some("package") {
            return Err(reader.wrong("`package`"));
        }
        reader.space(true)?;
        header.package = reader
            .word()
            .ok_or(reader.wrong("a name of a package"))?
            .to_owned();
        reader.end()?;
        loop {
            reader.space(true)?;
            let before = reader;
            if reader.word() != Some("import") {
                return Ok(header);
            }
            reader.space(true)?;
            // A function that is named `importX` is another word; `import` is reserved.
            if reader.take(b'(') {
                loop {
                    reader.space(true)?;
                    if reader.take(b')') {
                        break;
                    }
                    reader.spec(&mut header)?;
                    reader.space(false)?;
                    if !reader.rest.starts_with(b")") {
                        reader.end()?;
                    }
                }
            } else {
                reader.spec(&mut header)?;
            }
            reader.end()?;
            if header.imports.len() > MOST_IMPORTS {
                return Err(before.wrong("fewer imports"));
            }
        }
    }
}

/// What is left of a file, and its line.
#[derive(Clone, Copy)]
struct Reader<'s> {
    rest: &'s [u8],
    line: usize,
}

impl<'s> Reader<'s> {
    fn wrong(&self, expected: &'static str) -> HeaderError {
        HeaderError {
            line: self.line,
            expected,
        }
    }

    /// Takes a byte if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        match self.rest.strip_prefix(&[byte]) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Passes over `count` bytes and counts their lines.
    fn pass(&mut self, count: usize) -> &'s [u8] {
        let (passed, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.rest = rest;
        passed
    }

    /// Passes over space and comments; over ends of lines too, if `lines`. A comment
    /// over several lines ends a line as well.
    fn space(&mut self, lines: bool) -> Result<(), HeaderError> {
        loop {
            match self.rest {
                [b' ' | b'\t' | b'\r', ..] => self.rest = self.rest.get(1..).unwrap_or_default(),
                [b'\n', ..] if lines => {
                    self.pass(1);
                }
                [b'/', b'/', ..] => {
                    let end = self.rest.iter().position(|byte| *byte == b'\n');
                    self.pass(end.unwrap_or(self.rest.len()));
                }
                [b'/', b'*', body @ ..] => {
                    let end = body.windows(2).position(|pair| pair == b"*/");
                    let end = end.ok_or(self.wrong("the end of a comment"))? + 4;
                    let has_lines = self.rest.iter().take(end).any(|byte| *byte == b'\n');
                    if has_lines && !lines {
                        return Ok(());
                    }
                    self.pass(end);
                }
                _ => return Ok(()),
            }
        }
    }

    /// The end of a statement: a semicolon, the end of the line or of the file.
    fn end(&mut self) -> Result<(), HeaderError> {
        self.space(false)?;
        let is_comment = self.rest.starts_with(b"/*");
        if self.rest.is_empty() || self.rest.starts_with(b"\n") || is_comment || self.take(b';') {
            return Ok(());
        }
        Err(self.wrong("the end of a statement"))
    }

    /// Takes an identifier.
    fn word(&mut self) -> Option<&'s str> {
        let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
        if self.rest.first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let end = self.rest.iter().position(|byte| !is_letter(byte));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let word = str::from_utf8(word).ok().filter(|word| !word.is_empty())?;
        self.rest = rest;
        Some(word)
    }

    /// One import: a name or a dot, if any, and a path.
    fn spec(&mut self, header: &mut Header) -> Result<(), HeaderError> {
        // A line that ends with a name ends the statement; one that ends with a dot not.
        if self.take(b'.') {
            self.space(true)?;
        } else if self.word().is_some() {
            self.space(false)?;
        }
        let quote = match self.rest.first() {
            Some(quote @ (b'"' | b'`')) => *quote,
            _ => return Err(self.wrong("a path in quotes")),
        };
        let body = self.rest.get(1..).unwrap_or_default();
        let end = body.iter().position(|byte| *byte == quote);
        let path = end.and_then(|end| str::from_utf8(body.get(..end)?).ok());
        // Source: "Import declarations": what a path may not have.
        let refused =
            |c: char| c.is_control() || " \\!\"#$%&'()*,:;<=>?[]^`{|}\u{fffd}".contains(c);
        let path = path.filter(|path| !path.is_empty() && !path.contains(refused));
        let path = path.ok_or(self.wrong("a path of an import"))?;
        self.pass(path.len() + 2);
        header.imports.push(path.to_owned());
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn imports(source: &str) -> Vec<String> {
        Header::parse(source.as_bytes()).unwrap().imports
    }

    #[test]
    fn imports_are_found_however_they_are_written() {
        let cases: &[(&str, &[&str])] = &[
            ("package a", &[]),
            (
                "package a;import \"x\";import(\"y\";\"z\")",
                &["x", "y", "z"],
            ),
            (
                "\u{feff}// c\n/* d */ package a // e\n\nimport \"x/y\"\n",
                &["x/y"],
            ),
            (
                "package a\nimport (\n\t. \"x\"\n\t_ \"y\" // c\n\n\tn `z`\n)\nimport m \"w\"\n",
                &["x", "y", "z", "w"],
            ),
            ("package a\nimport ()\nfunc f() {}\nimport \"late\"\n", &[]),
            (
                "package a\n/* import \"no\" */\nimport\n\"x\"\nvar s = `import \"no\"`",
                &["x"],
            ),
            ("package a /* one\ntwo */ import \"x\"\n", &["x"]),
            (
                "package a\nimport \"C\"\nimport (\"x\" /* c */)\n",
                &["C", "x"],
            ),
            ("package a\r\n\r\nimport (\r\n\t\"x\"\r\n)\r\n", &["x"]),
            ("package ä\nimport é \"x\"\n", &["x"]),
            ("package a\nimporter()\n", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(imports(source), *expected, "{source:?}");
        }
    }

    #[test]
    fn what_is_no_head_is_refused_with_its_line() {
        for (source, line) in [
            ("", 1),
            ("func f() {}\n", 1),
            ("// a\n\npackage", 3),
            ("package a b\n", 1),
            ("package a\nimport x\n", 2),
            ("package a\nimport \"x\n", 2),
            ("package a\nimport (\n\"x\" \"y\"\n)\n", 3),
            ("package a\nimport (\n\"x\"\n", 4),
            ("package a\nimport \"\"\n", 2),
            ("package a\nimport \"a b\"\n", 2),
            ("package a\nimport \"a\\n\"\n", 2),
            ("package a\n/* open\n", 2),
            ("package 1\n", 1),
        ] {
            let error = Header::parse(source.as_bytes()).unwrap_err();
            assert_eq!(error.line, line, "{source:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "(package a\n)?[ \\t\\n\"`/*.;()a-z]{0,80}|\\PC{0,60}") {
            let _ = Header::parse(text.as_bytes());
        }
    }
}
