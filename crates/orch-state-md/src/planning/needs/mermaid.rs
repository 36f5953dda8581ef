//! Mermaid's graphs: `graph TD; M1[One] --> M2 & M3`.

use std::ops::Range;
use std::rc::Rc;

use hashbrown::HashMap;

use crate::planning::Notation;

use super::claim::{Claims, GateClaim, WRITE_FIELD};
use super::gate::is_gate;
use super::list::{Lists, Named, Who};
use super::roster::Roster;
use super::token::{Kind, tokens};

/// Whether a block of code that begins with `line` is such a graph.
pub(super) fn begins(line: &str) -> bool {
    let mut words = line.split([' ', ';']);
    matches!(words.next(), Some("graph" | "flowchart"))
        && matches!(words.next(), Some("TD" | "TB" | "BT" | "LR" | "RL"))
}

/// Lines that say nothing about what depends on what.
const PASSED_OVER: &[&str] = &[
    "subgraph",
    "end",
    "style",
    "classDef",
    "class",
    "click",
    "linkStyle",
    "direction",
    "%%",
    "graph",
    "flowchart",
    "---",
    "title:",
    "accTitle",
    "accDescr",
];

/// A node: its name, its label and where it is written first.
struct Vertex<'a> {
    name: &'a str,
    /// The bytes of its label.
    label: Option<Range<usize>>,
    at: usize,
}

/// What a vertex is.
enum Meaning {
    Milestone(Named),
    Gate(String),
    Other,
}

/// Reads the lines of a graph.
pub(super) fn read(text: &str, roster: &Roster<'_>, lines: &[(usize, &str)], claims: &mut Claims) {
    let mut graph = Graph { text, vertices: Vec::new(), by_name: HashMap::new(), edges: Vec::new() };
    let mut unread: Vec<Range<usize>> = Vec::new();
    let is_graph =
        lines.iter().map(|(_, line)| line.trim()).find(|line| !line.is_empty() && !line.starts_with("%%"));
    let is_graph = is_graph.is_some_and(|line| begins(line) || matches!(line, "graph" | "flowchart"));
    for &(start, line) in lines {
        let mut at = start;
        for statement in line.split(';') {
            let trimmed = statement.trim_start();
            let begin = at + statement.len() - trimmed.len();
            at += statement.len() + 1;
            let trimmed = trimmed.trim_end();
            let first = trimmed.split_whitespace().next().unwrap_or_default();
            if first.is_empty() || first.starts_with("%%") || PASSED_OVER.contains(&first) {
                continue;
            }
            if !is_graph || graph.statement(begin, trimmed).is_none() {
                unread.push(begin..begin + trimmed.len());
            }
        }
    }
    let meanings: Vec<Meaning> = graph.vertices.iter().map(|vertex| meaning(text, roster, vertex)).collect();
    for range in unread {
        if tokens(text, range.clone(), roster).iter().any(|token| matches!(token.kind, Kind::Id(_))) {
            claims.unread(range.start, "a line of a drawing that is not understood is not read", WRITE_FIELD);
        }
    }
    let mut before: HashMap<usize, Vec<Named>> = HashMap::new();
    let mut behind: Vec<(usize, Vec<Named>)> = Vec::new();
    let mut place_of: HashMap<usize, usize> = HashMap::new();
    for &(from, to, at) in &graph.edges {
        match (&meanings[from], &meanings[to]) {
            (Meaning::Milestone(from), Meaning::Milestone(to)) => {
                claims.needs(&Rc::from([to.clone()]), &Rc::from([from.clone()]), Notation::Graph, None);
            }
            (Meaning::Milestone(from), Meaning::Gate(_)) => before.entry(to).or_default().push(from.clone()),
            (Meaning::Gate(_), Meaning::Milestone(to)) => {
                let place = *place_of.entry(from).or_insert_with(|| {
                    behind.push((from, Vec::new()));
                    behind.len() - 1
                });
                behind[place].1.push(to.clone());
            }
            (Meaning::Other, Meaning::Other) => {}
            _ => {
                let ends = |vertex: usize| is_end(graph.vertices[vertex].name);
                if !ends(from) && !ends(to) {
                    claims.unread(at, "an arrow to something that is no milestone is not read", WRITE_FIELD);
                }
            }
        }
    }
    for (gate, subjects) in behind {
        let Meaning::Gate(words) = &meanings[gate] else { continue };
        let needed = before.remove(&gate).unwrap_or_default();
        let subjects: Rc<[Named]> = subjects.into();
        let after = needed.last().cloned();
        if !needed.is_empty() {
            claims.needs(&subjects, &needed.into(), Notation::Graph, None);
        }
        let at = graph.vertices[gate].at;
        claims.gates.push(GateClaim { subjects, itself: None, after, text: words.clone(), at });
    }
}

fn is_end(name: &str) -> bool {
    ["start", "end", "done", "release", "finish", "begin", "ship"].contains(&&*name.to_lowercase())
}

/// The milestone that a vertex is: by its name, else by what its label begins with.
fn meaning(text: &str, roster: &Roster<'_>, vertex: &Vertex<'_>) -> Meaning {
    let name = vertex.at..vertex.at + vertex.name.len();
    for range in [Some(name.clone()), vertex.label.clone()].into_iter().flatten() {
        let found = tokens(text, range.clone(), roster);
        let lists = Lists { tokens: &found, roster };
        let start = found
            .iter()
            .position(|token| !token.is_look() && token.kind != Kind::Other)
            .unwrap_or(found.len());
        if let Some((named, end)) = lists.single(start, found.len())
            && let [Named { who: Who::One(id), at }] = &named[..]
            && (range != name || end == found.len())
        {
            // The place of the vertex, also when its label says what it is.
            let at = if range == name { *at } else { vertex.at };
            return Meaning::Milestone(Named { who: Who::One(id.clone()), at });
        }
        if is_gate(&found) {
            let words = vertex.label.clone().unwrap_or(range);
            return Meaning::Gate(text[words].trim_matches(['"', ' ']).to_owned());
        }
    }
    let label = vertex.label.clone().map(|label| text[label].trim_matches(['"', ' ']));
    match label.and_then(|label| roster.titled(label)).or_else(|| roster.titled(vertex.name)) {
        Some(place) => {
            Meaning::Milestone(Named { who: Who::One(roster.known[place].id.to_owned()), at: vertex.at })
        }
        None => Meaning::Other,
    }
}

struct Graph<'a> {
    text: &'a str,
    vertices: Vec<Vertex<'a>>,
    by_name: HashMap<&'a str, usize>,
    /// From, to, and the byte of the arrow.
    edges: Vec<(usize, usize, usize)>,
}

/// Edges that `A & B --> C & D` may come to in one graph.
const MOST_EDGES: usize = 50_000;

impl<'a> Graph<'a> {
    /// Reads `A & B -->|text| C --> D`; none when it is something else.
    fn statement(&mut self, start: usize, statement: &str) -> Option<()> {
        let end = start + statement.len();
        let (mut from, mut at) = self.vertices(start, end)?;
        while at < end {
            let (arrow, next) = self.arrow(at, end)?;
            let (to, next) = self.vertices(next, end)?;
            for &from in &from {
                for &to in &to {
                    if self.edges.len() >= MOST_EDGES {
                        return None;
                    }
                    match arrow {
                        Direction::Right => self.edges.push((from, to, at)),
                        Direction::Left => self.edges.push((to, from, at)),
                        Direction::None => {}
                    }
                }
            }
            from = to;
            at = next;
        }
        Some(())
    }

    fn skip(&self, at: usize, end: usize) -> usize {
        let rest = &self.text[at..end];
        end - rest.trim_start().len()
    }

    /// One vertex or several with `&` in between, and what is behind them.
    fn vertices(&mut self, at: usize, end: usize) -> Option<(Vec<usize>, usize)> {
        let mut found = Vec::new();
        let mut at = self.skip(at, end);
        loop {
            let (vertex, next) = self.vertex(at, end)?;
            found.push(vertex);
            at = self.skip(next, end);
            if !self.text[at..end].starts_with('&') {
                return Some((found, at));
            }
            at = self.skip(at + 1, end);
        }
    }

    /// A name, and its label in brackets.
    fn vertex(&mut self, at: usize, end: usize) -> Option<(usize, usize)> {
        let rest = &self.text[at..end];
        let mut length = 0;
        for (place, c) in rest.char_indices() {
            let inner =
                c == '.' || (c == '-' && rest[place + 1..].starts_with(|c: char| c.is_alphanumeric()));
            if c.is_alphanumeric() || c == '_' || (inner && place > 0) {
                length = place + c.len_utf8();
            } else {
                break;
            }
        }
        if length == 0 {
            return None;
        }
        let name: &'a str = &self.text[at..at + length];
        let mut next = at + length;
        let mut label = None;
        let open = self.text[next..end].chars().next();
        if let Some(close) = open.and_then(|open| match open {
            '[' => Some(']'),
            '(' => Some(')'),
            '{' => Some('}'),
            '>' => Some(']'),
            _ => None,
        }) {
            let inside = &self.text[next + 1..end];
            let quoted = inside.trim_start_matches(['(', '[', '{', '/', '\\']);
            let skipped = inside.len() - quoted.len();
            let finish = match quoted.strip_prefix('"') {
                Some(quote) => skipped + 1 + quote.find('"')? + 1,
                None => skipped + quoted.find(close)?,
            };
            label = Some(next + 1 + skipped..next + 1 + finish);
            let behind = &inside[finish..];
            let closed = behind.trim_start_matches([')', ']', '}', '/', '\\']);
            next = end - closed.len();
        }
        if let Some(class) = self.text[next..end].strip_prefix(":::") {
            let rest = class.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
            // A class may run into an arrow: `A:::done --> B` has a blank in front of it.
            next = end - rest.len();
        }
        let number = *self.by_name.entry(name).or_insert_with(|| {
            self.vertices.push(Vertex { name, label: None, at });
            self.vertices.len() - 1
        });
        if label.is_some() {
            self.vertices[number].label = label;
        }
        Some((number, next))
    }

    /// An arrow with or without words, and what is behind it.
    fn arrow(&self, at: usize, end: usize) -> Option<(Direction, usize)> {
        let rest = &self.text[at..end];
        let is_sign = |c: char| matches!(c, '-' | '=' | '.' | '~' | '<' | '>');
        let mut signs = rest.len() - rest.trim_start_matches(is_sign).len();
        if signs < 2 {
            return None;
        }
        let mut head = &rest[..signs];
        let left = head.starts_with('<');
        if !head.ends_with('>') && head.starts_with(['-', '=', '<']) {
            let after = &rest[signs..];
            // `--x`, `--o`
            if after.starts_with(['x', 'o']) && after[1..].starts_with(' ') {
                signs += 1;
            } else if let Some(words) = words_within(after) {
                // `-- text -->`
                let closing = &after[words..];
                let more = closing.len() - closing.trim_start_matches(is_sign).len();
                head = &closing[..more];
                signs += words + more;
            }
        }
        let right = head.ends_with('>');
        let mut next = at + signs;
        if let Some(label) = self.text[next..end].strip_prefix('|') {
            next += 1 + label.find('|')? + 1;
        }
        let direction = match (left, right) {
            (false, true) => Direction::Right,
            (true, false) => Direction::Left,
            (true, true) => return None,
            (false, false) if head.contains('~') => Direction::None,
            (false, false) => return None,
        };
        Some((direction, next))
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Right,
    Left,
    /// An edge that is not drawn.
    None,
}

/// How long the words of `-- text -->` are, up to the signs that close them.
fn words_within(after: &str) -> Option<usize> {
    if !after.starts_with(' ') && !after.starts_with(char::is_alphanumeric) {
        return None;
    }
    let close = ["-->", "==>", ".->"].iter().filter_map(|close| after.find(close)).min()?;
    let inside = &after[..close];
    (!inside.contains(['[', '(', '{', '|', '&'])).then_some(close)
}
