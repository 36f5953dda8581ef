//! YAML to a tree, from the parser's events, with budgets for nodes, levels and what aliases stand for.

use std::collections::HashMap;
use std::rc::Rc;

use orch_core::{Diagnostic, Position};
use serde_yaml::granit_parser::{self, ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::{DEEPEST, Entry, MOST_NODES, Node, Value};
use crate::reading::{Codes, Context, MAX_BYTES, quoted};

/// The root of the only document in `text`. What is odd goes to `context`.
pub(crate) fn parse(text: &str, context: &Context) -> Result<Node, Diagnostic> {
    let mut options = granit_parser::options! {
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    options.set_emit_comments(false);
    let mut builder = Builder::new(context);
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| syntax(&error, text, context.codes))?;
        builder.take(event, place(span.start))?;
    }
    builder.root.ok_or_else(|| {
        Diagnostic::error(context.codes.syntax, "the file is empty")
            .hint("write a mapping, such as `name: users`")
            .at(Position::new(1, 1))
    })
}

fn place(mark: Marker) -> Position {
    let fit = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Position::new(fit(mark.line().max(1)), fit(mark.col().saturating_add(1)))
}

fn syntax(error: &ScanError, text: &str, codes: &Codes) -> Diagnostic {
    let at = place(*error.marker());
    let line = text.lines().nth(at.line as usize - 1).unwrap_or_default();
    let (code, message, hint) = match error.kind() {
        ErrorKind::UnknownAnchor => (
            codes.syntax,
            "an alias (`*name`) without an anchor (`&name`) before it".to_owned(),
            "put a text that begins with `*` in quotes",
        ),
        ErrorKind::RecursionLimitExceeded => (codes.limit, too_deep(), "write it flatter"),
        _ => {
            let indented = line.len() - line.trim_start().len();
            let hint = if line[..indented].contains('\t') {
                "indent with spaces: YAML takes no tabs there"
            } else if line.trim_start().contains(": ") {
                "put texts that hold `: `, `#`, quotes or brackets in quotes"
            } else {
                "check quotes, brackets and indentation here and above"
            };
            (codes.syntax, format!("not YAML: {}", error.info()), hint)
        }
    };
    Diagnostic::error(code, message).hint(hint).at(at)
}

fn too_deep() -> String {
    format!("more than {DEEPEST} levels of lists and mappings")
}

/// How much a tree holds: nodes, and bytes of text.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
}

/// A list or mapping whose end has not come.
struct Open {
    at: Position,
    anchor: usize,
    /// What had been read when it began.
    before: Size,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(String, Position)> },
}

struct Builder<'a> {
    context: &'a Context,
    size: Size,
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, Size)>,
    root: Option<Node>,
}

impl<'a> Builder<'a> {
    fn new(context: &'a Context) -> Self {
        Self { context, size: Size::default(), open: Vec::new(), anchors: HashMap::new(), root: None }
    }

    fn take(&mut self, event: Event<'_>, at: Position) -> Result<(), Diagnostic> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                let error = Diagnostic::error(self.context.codes.syntax, "a second document begins here");
                Err(error.hint("one file holds one document: remove the `---`, or what follows it").at(at))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let before = self.size;
                self.charge(Size { nodes: 1, bytes: text.len() }, at)?;
                let value = self.scalar(text.into_owned(), style, tag.as_deref(), at);
                let node = Node { at, value: Rc::new(value) };
                self.remember(anchor, &node, before);
                self.add(node)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(Items::List(Vec::new()), anchor, tag.as_deref(), at)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.begin(Items::Map { entries: Vec::new(), key: None }, anchor, tag.as_deref(), at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor) else {
                    let error =
                        Diagnostic::error(self.context.codes.syntax, "an alias inside its own anchor");
                    return Err(error.hint("write the value out").at(at));
                };
                let (value, size) = (Rc::clone(&node.value), *size);
                self.charge(size, at)?;
                self.add(Node { at, value })
            }
            _ => Ok(()),
        }
    }

    fn charge(&mut self, more: Size, at: Position) -> Result<(), Diagnostic> {
        self.size.nodes = self.size.nodes.saturating_add(more.nodes);
        self.size.bytes = self.size.bytes.saturating_add(more.bytes);
        let message = if self.size.nodes > MOST_NODES {
            format!("more than {MOST_NODES} keys and values, aliases counted as what they stand for")
        } else if self.size.bytes > MAX_BYTES {
            format!("more than {MAX_BYTES} bytes of text, aliases counted as what they stand for")
        } else {
            return Ok(());
        };
        Err(Diagnostic::error(self.context.codes.limit, message).hint("split the file").at(at))
    }

    fn begin(
        &mut self,
        items: Items,
        anchor: usize,
        tag: Option<&Tag>,
        at: Position,
    ) -> Result<(), Diagnostic> {
        let before = self.size;
        self.charge(Size { nodes: 1, bytes: 0 }, at)?;
        self.check_tag(tag, at);
        if self.open.len() >= DEEPEST {
            return Err(Diagnostic::error(self.context.codes.limit, too_deep())
                .hint("write it flatter")
                .at(at));
        }
        self.open.push(Open { at, anchor, before, items });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.items {
            Items::List(items) => Value::List(items),
            Items::Map { entries, .. } => Value::Map(self.merged(entries)),
        };
        let node = Node { at: open.at, value: Rc::new(value) };
        self.remember(open.anchor, &node, open.before);
        self.add(node)
    }

    fn remember(&mut self, anchor: usize, node: &Node, before: Size) {
        if anchor != 0 {
            let nodes = self.size.nodes - before.nodes;
            let bytes = self.size.bytes - before.bytes;
            self.anchors.insert(anchor, (node.clone(), Size { nodes, bytes }));
        }
    }

    /// Puts a whole node where it belongs.
    fn add(&mut self, node: Node) -> Result<(), Diagnostic> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.items {
            Items::List(items) => items.push(node),
            Items::Map { entries, key } => match key.take() {
                Some((key, at)) => entries.push(Entry { key, at, value: node }),
                None => match &*node.value {
                    Value::Text(text) | Value::Bool(text) | Value::Number(text) => {
                        *key = Some((text.clone(), node.at));
                    }
                    Value::Null => *key = Some(("null".to_owned(), node.at)),
                    other => {
                        let message = format!("a key that is {}", other.kind());
                        let hint = "keys are words; put a text that begins with `{` or `[` in quotes";
                        return Err(Diagnostic::error(self.context.codes.syntax, message)
                            .hint(hint)
                            .at(node.at));
                    }
                },
            },
        }
        Ok(())
    }

    /// `entries` with what merge keys (`<<`) stand for, which never replaces what is written out.
    fn merged(&self, mut entries: Vec<Entry>) -> Vec<Entry> {
        let Some(first) = entries.iter().position(|entry| entry.key == "<<") else { return entries };
        let merge = entries.remove(first);
        let sources = match &*merge.value.value {
            Value::List(sources) => sources.as_slice(),
            _ => std::slice::from_ref(&merge.value),
        };
        for source in sources {
            let Value::Map(more) = &*source.value else {
                let message = format!("a merge key (`<<`) with {}", source.value.kind());
                let hint = "give it a mapping's alias, such as `<<: *defaults`";
                self.context.error(self.context.codes.wrong_type, message, hint, source.at);
                continue;
            };
            let known: std::collections::HashSet<&str> = entries.iter().map(|entry| &*entry.key).collect();
            let new: Vec<Entry> = more.iter().filter(|entry| !known.contains(&*entry.key)).cloned().collect();
            entries.extend(new);
        }
        entries
    }

    fn scalar(&self, text: String, style: ScalarStyle, tag: Option<&Tag>, at: Position) -> Value {
        match tag {
            Some(tag) if tag.is_yaml_core_schema_tag("str") || tag.original() == "!" => Value::Text(text),
            Some(tag) if tag.is_yaml_core_schema() => plain(text),
            _ => {
                self.check_tag(tag, at);
                if style == ScalarStyle::Plain { plain(text) } else { Value::Text(text) }
            }
        }
    }

    fn check_tag(&self, tag: Option<&Tag>, at: Position) {
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema() && tag.original() != "!") {
            let message = format!("the tag {} means nothing here", quoted(&tag.original()));
            let hint = "remove it, or put a text that begins with `!` in quotes";
            self.context.warning(self.context.codes.value, message, hint, at);
        }
    }
}

/// What a scalar without quotes is, by YAML 1.2's core schema. What only a number's other spellings (hexadecimal,
/// infinity) are is text: no key of ours takes them.
fn plain(text: String) -> Value {
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Value::Bool(text),
        _ => {
            let digits = text.bytes().any(|b| b.is_ascii_digit());
            let numeric = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
            if digits && numeric && text.parse::<f64>().is_ok() {
                Value::Number(text)
            } else {
                Value::Text(text)
            }
        }
    }
}
