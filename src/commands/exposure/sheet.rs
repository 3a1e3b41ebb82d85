//! Lines for a terminal, with what comes from outside made harmless.

use cofferdam_findings::sanitise;

/// A page that grows line by line.
pub(crate) struct Sheet {
    text: String,
    colour: bool,
}

impl Sheet {
    /// An empty one.
    pub(crate) fn new(colour: bool) -> Self {
        Self {
            text: String::new(),
            colour,
        }
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, text: &str) {
        self.text.push_str(sanitise::line(text).trim_end());
        self.text.push('\n');
    }

    /// A line in a colour, where there are colours.
    pub(crate) fn styled(&mut self, text: &str, code: &str) {
        let text = sanitise::line(text);
        if self.colour {
            self.text
                .push_str(&format!("\u{1b}[{code}m{text}\u{1b}[0m\n"));
        } else {
            self.text.push_str(&format!("{text}\n"));
        }
    }

    /// All of it.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}
