//! A file as a tree in which everything knows its place: what YAML and JSON have in common.
//!
//! The typed readers walk this tree instead of deserialising, because serde stops at the first mistake and knows no
//! place of a key.

mod json;
mod yaml;

use std::rc::Rc;

use orch_core::Position;

pub(crate) use json::parse as parse_json;
pub(crate) use yaml::parse as parse_yaml;

/// Nodes that a file may have at most; what an alias stands for counts each time.
pub(crate) const MOST_NODES: usize = 20_000;
/// Levels of lists and mappings at most.
pub(crate) const DEEPEST: usize = 64;

/// A value at a place. Aliases share the value and have a place of their own.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: Position,
    pub(crate) value: Rc<Value>,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Value {
    Null,
    /// As written, `true` or `false` in some case.
    Bool(String),
    /// As written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Position,
    pub(crate) value: Node,
}

impl Value {
    /// What the value is, as a message says it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Bool(_) => "a truth value",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}
