//! XML with places. A document type is refused: it could name entities.

use cofferdam_facts::{SourceFile, Span};
use roxmltree::{Document, Node, ParsingOptions};

use crate::mistake::{Mistake, Problem};

/// The most elements, attributes and texts of one file.
const MOST_NODES: u32 = 3_000_000;

/// Reads a file.
pub(crate) fn read(file: &SourceFile) -> Result<Document<'_>, Mistake> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(file.text(), options).map_err(|error| {
        let place = error.pos();
        Mistake {
            line: usize::try_from(place.row).unwrap_or(1),
            column: usize::try_from(place.col).unwrap_or(1),
            problem: Problem::Syntax {
                language: "XML",
                message: error.to_string(),
            },
        }
    })
}

/// The first element of a name below another one, whatever its namespace.
pub(crate) fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    children(node, name).next()
}

/// The elements of a name below another one.
pub(crate) fn children<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    name: &str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children()
        .filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// The text of an element below another one, without space around it.
pub(crate) fn text<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let text = child(node, name)?.text()?.trim();
    (!text.is_empty()).then_some(text)
}

/// The place of an element.
pub(crate) fn span(node: Node<'_, '_>) -> Span {
    Span::from(node.range())
}
