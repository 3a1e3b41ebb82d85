use ::markdown::mdast::Node;
use ::markdown::{Options as Reader, ParseOptions};

use super::super::Format;
use super::*;
use crate::sample;

fn render(reports: &[Report]) -> String {
    Format::from_name("markdown")
        .unwrap()
        .render(reports, &Options::default())
}

/// Visits every node of the tree that a reader builds.
fn visit(node: &Node, see: &mut impl FnMut(&Node)) {
    see(node);
    for child in node.children().into_iter().flatten() {
        visit(child, see);
    }
}

#[test]
fn a_rich_report_as_markdown() {
    insta::assert_snapshot!(render(&[sample::rich()]));
}

#[test]
fn a_change_as_markdown() {
    insta::assert_snapshot!(render(&[sample::changed()]));
}

#[test]
fn nothing_from_outside_links_mentions_or_opens_html() {
    let page = render(&[sample::rich()]);
    assert!(
        !page
            .chars()
            .any(|c| c != '\n' && crate::sanitise::is_unsafe(c))
    );
    let tree = ::markdown::to_mdast(&page, &ParseOptions::gfm()).unwrap();
    let mut html = std::collections::BTreeSet::new();
    visit(&tree, &mut |node| match node {
        Node::Link(_) | Node::Image(_) | Node::FootnoteReference(_) | Node::Definition(_) => {
            panic!("{node:?}")
        }
        Node::Html(found) => {
            html.insert(
                found
                    .value
                    .split(['>', ' '])
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            );
        }
        // A mention is looked for in text, never in code.
        Node::Text(text) => assert!(!text.value.contains("@root"), "{text:?}"),
        _ => {}
    });
    let ours = ["<!--", "</details", "<details", "<details\n<summary"];
    assert!(
        html.iter().all(|h| ours.iter().any(|o| h.starts_with(o))),
        "{html:?}"
    );
}

#[test]
fn the_controls_are_one_table_with_a_row_each() {
    let page = render(&[sample::rich()]);
    let tree = ::markdown::to_mdast(&page, &ParseOptions::gfm()).unwrap();
    let mut rows = 0;
    visit(&tree, &mut |node| {
        if let Node::TableRow(row) = node {
            assert_eq!(row.children.len(), 4);
            rows += 1;
        }
    });
    assert_eq!(rows, 38);
    assert!(::markdown::to_html_with_options(&page, &Reader::gfm()).is_ok());
}

#[test]
fn a_page_stays_below_what_a_comment_takes() {
    let mut report = sample::rich();
    let template = report.findings.first().unwrap().clone();
    for n in 0..5_000 {
        let mut finding = template.clone();
        finding.message = format!("{n} {}", sample::HOSTILE.repeat(20));
        finding.group.clone_from(&finding.message);
        finding.why.clone_from(&finding.message);
        report.findings.push(finding);
    }
    let page = render(&[report.clone().finish()]);
    assert!(page.len() < 65_536, "{}", page.len());
    assert!(page.contains("more causes"));
    for finding in &mut report.findings {
        finding.why = "@".repeat(10_000);
    }
    let page = render(&[report.finish()]);
    assert!(page.len() < 65_536, "{}", page.len());
    assert!(page.contains("This page is cut"));
    let many: Vec<_> = (0..1_000).map(|_| sample::rich()).collect();
    let page = render(&many);
    assert!(page.len() < 65_536);
    assert!(page.contains("more found no room here"));
}

#[test]
fn what_was_not_checked_is_never_clean() {
    let page = render(&[sample::unread()]);
    assert!(page.contains("**Not settled: 1 needed thing could not be checked.**"));
    assert!(!page.contains("Passes"));
    assert!(render(&[sample::clean()]).contains("**Passes: nothing at or above high.**"));
}
