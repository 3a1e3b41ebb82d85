//! The picture in the README: what the audit really says of a small checkout,
//! with its colours, as an SVG that differs only when the output does.

use std::fmt::Write as _;
use std::path::Path;

use cofferdam_findings::formats::{Format, Options as Shown};
use cofferdam_pipelines::{Data, Input, Limits, Options, Target, audit};

use crate::error::Error;
use crate::{txtar, workspace};

const COLUMNS: usize = 104;
const CHARACTER: f32 = 7.8;
const LINE: f32 = 17.0;
const MARGIN: f32 = 16.0;

/// The picture, drawn from the checkout in `docs/images/audit.txtar`.
pub(crate) fn draw() -> Result<String, Error> {
    let source = workspace::root().join("docs/images/audit.txtar");
    let text = std::fs::read_to_string(&source).map_err(Error::file(&source))?;
    let folder = workspace::root().join("target/picture/app");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(Error::file(&folder))?;
    }
    txtar::lay_out(&text, &folder, &[])?;
    let shown = output(&folder)?;
    Ok(svg("$ cofferdam audit app", &shown))
}

fn output(folder: &Path) -> Result<String, Error> {
    let pack = cofferdam_datapack::embedded::pack()
        .map_err(|error| Error::output(format!("the embedded data pack: {error}")))?
        .pack;
    // The day on which the pack was made, so that the picture does not age by itself.
    let now = pack.created_at;
    let target = Target {
        name: "app".to_owned(),
        input: Input::Path(folder.to_path_buf()),
    };
    let options = Options {
        settings: Vec::new(),
        data: Data::new(pack, now),
        now,
        repository: None,
        fallback_repository: None,
        server: None,
        required: Vec::new(),
        limits: Limits::default(),
        only: true,
        judging: cofferdam_pipelines::Judging::default(),
    };
    let report = audit(&target, &options)
        .map_err(|error| Error::output(format!("the checkout of the picture: {error}")))?;
    let human = Format::from_name("human")
        .ok_or_else(|| Error::output("there is no format `human`".to_owned()))?;
    let shown = Shown {
        colour: true,
        width: COLUMNS,
        ..Shown::default()
    };
    Ok(human.render(&[report], &shown))
}

fn svg(prompt: &str, shown: &str) -> String {
    let lines: Vec<&str> = shown.lines().collect();
    let width = COLUMNS as f32 * CHARACTER + 2.0 * MARGIN;
    let height = (lines.len() as f32 + 2.0) * LINE + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n\
         <title>What cofferdam audit prints</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>\n\
         <g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, monospace\" \
         font-size=\"13\" fill=\"#c9d1d9\" xml:space=\"preserve\">\n"
    );
    let mut style = Style::default();
    for (number, line) in std::iter::once(prompt).chain([""]).chain(lines).enumerate() {
        let y = MARGIN + LINE * (number as f32 + 0.8);
        let spans = spans(line, &mut style);
        if spans.is_empty() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(svg, "<text x=\"{MARGIN:.0}\" y=\"{y:.1}\">{spans}</text>");
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Style {
    bold: bool,
    dim: bool,
    colour: Option<&'static str>,
}

impl Style {
    /// Takes the numbers of one select-graphic-rendition sequence.
    fn take(&mut self, codes: &str) {
        for code in codes.split(';') {
            match code {
                "" | "0" => *self = Self::default(),
                "1" => self.bold = true,
                "2" => self.dim = true,
                "31" | "91" => self.colour = Some("#ff7b72"),
                "32" | "92" => self.colour = Some("#7ee787"),
                "33" | "93" => self.colour = Some("#e3b341"),
                "34" | "94" => self.colour = Some("#79c0ff"),
                "35" | "95" => self.colour = Some("#d2a8ff"),
                "36" | "96" => self.colour = Some("#76e3ea"),
                _ => {}
            }
        }
    }

    fn attributes(self) -> String {
        let mut text = String::new();
        if let Some(colour) = self.colour {
            let _ = write!(text, " fill=\"{colour}\"");
        } else if self.dim {
            text.push_str(" fill=\"#8b949e\"");
        }
        if self.bold {
            text.push_str(" font-weight=\"600\"");
        }
        text
    }
}

/// One line with its escape sequences turned into spans.
fn spans(line: &str, style: &mut Style) -> String {
    let mut spans = String::new();
    let mut parts = line.split('\u{1b}');
    let mut push = |text: &str, style: Style| {
        if !text.is_empty() {
            let text = text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            let _ = write!(spans, "<tspan{}>{text}</tspan>", style.attributes());
        }
    };
    push(parts.next().unwrap_or(""), *style);
    for part in parts {
        let Some((codes, text)) = part.strip_prefix('[').and_then(|p| p.split_once('m')) else {
            continue;
        };
        style.take(codes);
        push(text, *style);
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_spans_and_markup_is_escaped() {
        let mut style = Style::default();
        let spans = spans("\u{1b}[1m\u{1b}[33ma<b\u{1b}[0m c", &mut style);
        assert_eq!(
            spans,
            "<tspan fill=\"#e3b341\" font-weight=\"600\">a&lt;b</tspan><tspan> c</tspan>"
        );
    }
}
