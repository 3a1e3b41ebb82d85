//! Tables of TOML with their places, read key by key. What is wrong is noted,
//! and reading goes on, so that a person sees all of it at once.

use cofferdam_facts::Timestamp;
use cofferdam_facts::{SourceFile, Span, Spanned};
use cofferdam_findings::{Severity, Threshold};
use toml::de::{DeArray, DeTable, DeValue};

use crate::config::Scope;
use crate::glob::Glob;
use crate::keys::{Key, Kind};
use crate::mistakes::{Mistake, nearest};

/// The longest text, in bytes. A reason is repeated with every finding that it
/// silences.
const LONGEST: usize = 1000;

/// The most entries of a list, and the most exemptions.
const MOST: usize = 500;

/// What is wrong so far, and what is needed to say it.
pub(crate) struct Reader<'r> {
    pub(crate) file: &'r SourceFile,
    pub(crate) scope: Scope,
    /// The ids of all rules.
    pub(crate) rules: &'r [&'static str],
    pub(crate) mistakes: Vec<Mistake>,
}

/// A table with its place.
#[derive(Clone, Copy)]
pub(crate) struct Table<'t> {
    pub(crate) inner: &'t DeTable<'t>,
    pub(crate) span: Span,
}

type Value<'t> = &'t toml::Spanned<DeValue<'t>>;

impl<'t> Table<'t> {
    fn entry(self, name: &str) -> Option<(Span, Value<'t>)> {
        let found = self.inner.iter().find(|(key, _)| key.get_ref() == name);
        found.map(|(key, value)| (key.span().into(), value))
    }

    /// Where a key stands, if it does.
    pub(crate) fn key_span(self, name: &str) -> Option<Span> {
        self.entry(name).map(|(span, _)| span)
    }
}

impl Reader<'_> {
    pub(crate) fn mistake(&mut self, span: Span, message: impl Into<String>) {
        self.mistakes.push(Mistake {
            location: self.file.locate(span),
            message: message.into(),
            hint: None,
        });
    }

    fn mistake_with(&mut self, span: Span, message: String, hint: Option<String>) {
        self.mistakes.push(Mistake {
            location: self.file.locate(span),
            message,
            hint,
        });
    }

    /// Notes every key that is not declared, not for this file, or missing.
    pub(crate) fn check(&mut self, table: Table<'_>, keys: &[Key]) {
        for (name, _) in table.inner {
            let span = name.span().into();
            let name = name.get_ref();
            match keys.iter().find(|key| key.name == name) {
                Some(key) if key.scope.is_some_and(|scope| scope != self.scope) => {
                    let whose = match self.scope {
                        Scope::Repository => "an organisation's file",
                        Scope::Organisation => "a repository's file",
                    };
                    self.mistake(span, format!("`{name}` belongs into {whose}"));
                }
                Some(_) => {}
                None => {
                    let known = nearest(name, keys.iter().map(|key| key.name));
                    self.mistake_with(
                        span,
                        format!("there is no key `{name}` here"),
                        known.map(|known| format!("did you mean `{known}`?")),
                    );
                }
            }
        }
        for key in keys.iter().filter(|key| key.required) {
            if table.entry(key.name).is_none() {
                self.mistake(table.span, format!("`{}` is missing", key.name));
            }
        }
    }

    fn wrong_kind(&mut self, name: &str, value: Value<'_>, expected: &str) {
        let found = value.get_ref().type_str();
        let span = value.span().into();
        self.mistake(span, format!("`{name}` is {expected}, not a TOML {found}"));
    }

    /// A text that says something.
    pub(crate) fn text(&mut self, table: Table<'_>, name: &str) -> Option<Spanned<String>> {
        let (_, value) = table.entry(name)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_kind(name, value, "a text");
            return None;
        };
        if text.trim().is_empty() {
            self.mistake(value.span().into(), format!("`{name}` says nothing"));
            return None;
        }
        if text.len() > LONGEST {
            let message = format!("`{name}` has more than {LONGEST} bytes");
            self.mistake(value.span().into(), message);
            return None;
        }
        Some(Spanned::new(text.trim().to_owned(), value.span().into()))
    }

    pub(crate) fn flag(&mut self, table: Table<'_>, name: &str) -> Option<Spanned<bool>> {
        let (_, value) = table.entry(name)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_kind(name, value, "`true` or `false`");
        }
        flag.map(|flag| Spanned::new(flag, value.span().into()))
    }

    pub(crate) fn number(&mut self, table: Table<'_>, name: &str) -> Option<Spanned<u32>> {
        let (_, value) = table.entry(name)?;
        let number = (value.get_ref().as_integer())
            .filter(|number| number.radix() == 10)
            .and_then(|number| number.as_str().parse().ok())
            .filter(|number| (1..=100_000).contains(number));
        if number.is_none() {
            self.wrong_kind(name, value, "a whole number from 1 to 100000");
        }
        number.map(|number| Spanned::new(number, value.span().into()))
    }

    /// A day, as TOML's own date or as text.
    pub(crate) fn date(&mut self, table: Table<'_>, name: &str) -> Option<Spanned<Timestamp>> {
        let (_, value) = table.entry(name)?;
        let text = match value.get_ref() {
            DeValue::Datetime(date) => date.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => String::new(),
        };
        let date = Timestamp::parse(&text).filter(|_| text.len() == "2027-01-31".len());
        if date.is_none() {
            let span = value.span().into();
            self.mistake(span, format!("`{name}` is a day, written as 2027-01-31"));
        }
        date.map(|date| Spanned::new(date, value.span().into()))
    }

    fn word<T>(
        &mut self,
        table: Table<'_>,
        name: &str,
        kind: Kind,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let text = self.text(table, name)?;
        let value = read(&text.value);
        if value.is_none() {
            self.unknown_word(name, &text, &kind.words());
        }
        value.map(|value| Spanned::new(value, text.span))
    }

    fn unknown_word(&mut self, name: &str, text: &Spanned<String>, words: &[&'static str]) {
        let hint = match nearest(&text.value, words.iter().copied()) {
            Some(known) => Some(format!("did you mean `{known}`?")),
            None if words.len() < 10 => Some(format!("it is one of: {}", words.join(", "))),
            None => None,
        };
        let message = format!("`{name}` knows no `{}`", text.value);
        self.mistake_with(text.span, message, hint);
    }

    pub(crate) fn severity(&mut self, table: Table<'_>, name: &str) -> Option<Spanned<Severity>> {
        self.word(table, name, Kind::Severity, Severity::from_word)
    }

    pub(crate) fn threshold(&mut self, table: Table<'_>, name: &str) -> Option<Spanned<Threshold>> {
        self.word(table, name, Kind::Threshold, Threshold::from_word)
    }

    /// Lower-case hexadecimal digits.
    pub(crate) fn digits(
        &mut self,
        table: Table<'_>,
        name: &str,
        length: usize,
    ) -> Option<Spanned<String>> {
        let text = self.text(table, name)?;
        let fits = text.value.len() == length
            && (text.value.bytes()).all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !fits {
            let message = format!("`{name}` is {length} hexadecimal digits in lower case");
            self.mistake(text.span, message);
        }
        fits.then_some(text)
    }

    /// A list of texts, not empty.
    pub(crate) fn list(&mut self, table: Table<'_>, name: &str) -> Vec<Spanned<String>> {
        let Some((_, value)) = table.entry(name) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_kind(name, value, "a list of texts");
            return Vec::new();
        };
        if array.is_empty() {
            self.mistake(value.span().into(), format!("`{name}` names nothing"));
        }
        if array.len() > MOST {
            let message = format!("`{name}` has more than {MOST} entries");
            self.mistake(value.span().into(), message);
            return Vec::new();
        }
        let mut all = Vec::new();
        for item in array.iter() {
            match item.get_ref().as_str() {
                Some(text) => all.push(Spanned::new(text.to_owned(), item.span().into())),
                None => self.wrong_kind(name, item, "a list of texts"),
            }
        }
        all
    }

    /// A text, or a list of texts, each of which says something.
    pub(crate) fn several(&mut self, table: Table<'_>, name: &str) -> Vec<Spanned<String>> {
        let Some((_, value)) = table.entry(name) else {
            return Vec::new();
        };
        if value.get_ref().as_str().is_some() {
            return self.text(table, name).into_iter().collect();
        }
        let mut all = Vec::new();
        for text in self.list(table, name) {
            let trimmed = text.value.trim();
            if trimmed.is_empty() || trimmed.len() > Glob::MAX {
                self.mistake(
                    text.span,
                    format!("an entry of `{name}` is empty or too long"),
                );
            } else {
                all.push(Spanned::new(trimmed.to_owned(), text.span));
            }
        }
        all
    }

    /// One of some words.
    pub(crate) fn choice(
        &mut self,
        table: Table<'_>,
        name: &str,
        words: &'static [&'static str],
    ) -> Option<Spanned<String>> {
        let known = |word: &str| words.contains(&word).then(|| word.to_owned());
        self.word(table, name, Kind::Choice(words), known)
    }

    /// A list of words of a kind.
    pub(crate) fn words(
        &mut self,
        table: Table<'_>,
        name: &str,
        kind: Kind,
    ) -> Vec<Spanned<String>> {
        let words = match kind {
            Kind::Rules => self.rules.to_vec(),
            kind => kind.words(),
        };
        let all = self.list(table, name);
        for text in &all {
            if !words.contains(&text.value.as_str()) {
                self.unknown_word(name, text, &words);
            }
        }
        all
    }

    /// A list of patterns.
    pub(crate) fn globs(&mut self, table: Table<'_>, name: &str) -> Vec<Glob> {
        let mut globs = Vec::new();
        for text in self.list(table, name) {
            match Glob::new(&text.value) {
                Ok(glob) => globs.push(glob),
                Err(why) => self.mistake(text.span, format!("`{}` {why}", text.value)),
            }
        }
        globs
    }

    pub(crate) fn table<'t>(&mut self, table: Table<'t>, name: &str) -> Option<Table<'t>> {
        let (key, value) = table.entry(name)?;
        let Some(inner) = value.get_ref().as_table() else {
            self.wrong_kind(name, value, "a table");
            return None;
        };
        Some(Table { inner, span: key })
    }

    /// The tables under `[[name]]`.
    pub(crate) fn tables<'t>(&mut self, table: Table<'t>, name: &str) -> Vec<Table<'t>> {
        let Some((_, value)) = table.entry(name) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_kind(name, value, "a list of tables");
            return Vec::new();
        };
        self.items(name, array)
    }

    fn items<'t>(&mut self, name: &str, array: &'t DeArray<'t>) -> Vec<Table<'t>> {
        let mut all = Vec::new();
        if array.len() > MOST {
            self.mistake(
                Span::default(),
                format!("`{name}` stands there more than {MOST} times"),
            );
            return all;
        }
        for item in array.iter() {
            match item.get_ref().as_table() {
                Some(inner) => all.push(Table {
                    inner,
                    span: item.span().into(),
                }),
                None => self.wrong_kind(name, item, "a list of tables"),
            }
        }
        all
    }

    /// Every table below `name` with the rule that its key names.
    pub(crate) fn by_rule<'t>(
        &mut self,
        table: Table<'t>,
        name: &str,
    ) -> Vec<(Spanned<String>, Table<'t>)> {
        let Some(table) = self.table(table, name) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for (key, value) in table.inner {
            let id = Spanned::new(key.get_ref().to_string(), key.span().into());
            if !self.rules.contains(&id.value.as_str()) {
                let rules = self.rules.to_vec();
                self.unknown_word(name, &id, &rules);
            }
            match value.get_ref().as_table() {
                Some(inner) => {
                    let span = id.span;
                    all.push((id, Table { inner, span }));
                }
                None => self.wrong_kind(&id.value, value, "a table of settings"),
            }
        }
        all
    }
}
