//! Drawings in blocks of code: `M1 (Scaffolding) ──► M2a`, trees, lines that run down.
//!
//! Lines that touch are one net. What a net leads from and what it leads to is told by the heads of its arrows, and
//! where there are none by its shape: a tree hangs from its top or from its left. A net that does not say it is a
//! finding with its line.

use std::ops::Range;
use std::rc::Rc;

use hashbrown::HashMap;

use crate::planning::Notation;

use super::claim::{Claims, GateClaim, WRITE_FIELD};
use super::gate::{asks_person, is_gate, place, words_of};
use super::grid::{Cell, Grid};
use super::list::{List, Lists, Named, Who};
use super::mermaid;
use super::net::{Net, Side};
use super::prose::{self, Setting};
use super::roster::Roster;
use super::signs::{left_head, right_head};
use super::token::{Kind, tokens};

/// Blocks with another name than these hold code.
const DRAWINGS: &[&str] =
    &["", "text", "txt", "plain", "plaintext", "ascii", "diagram", "graph", "none", "dot", "graphviz"];

/// What a person is told of a drawing that is not understood.
const NOT_READ: &str = "a part of a drawing that is not understood is not read";

/// Reads the block of code `lines` with the info string `info`.
pub(super) fn read(
    text: &str,
    roster: &Roster<'_>,
    info: &str,
    lines: &[(usize, &str)],
    claims: &mut Claims,
) {
    let name = info.split([' ', '{', ',']).next().unwrap_or_default().to_lowercase();
    let first = lines.iter().map(|(_, line)| line.trim()).find(|line| !line.is_empty()).unwrap_or_default();
    if name == "mermaid" || (name.is_empty() && mermaid::begins(first)) {
        mermaid::read(text, roster, lines, claims);
        return;
    }
    if !DRAWINGS.contains(&&*name) || !lines.iter().any(|(_, line)| has_line(line)) {
        return;
    }
    // Tables are no drawings.
    let is_row = |line: &str| {
        let line = line.trim();
        let closed = line.len() > 1 && line.starts_with('|') && line.ends_with('|');
        closed && line.contains(|c: char| c.is_alphanumeric() || c == '-') && !has_arrow(line)
    };
    let lines: Vec<(usize, &str)> =
        lines.iter().map(|&(start, line)| (start, if is_row(line) { "" } else { line })).collect();
    let Some(grid) = Grid::new(&lines) else {
        if lines.iter().any(|(start, line)| has_id(text, *start..*start + line.len(), roster)) {
            claims.unread(lines[0].0, "a drawing that is too large is not read", WRITE_FIELD);
        }
        return;
    };
    let nodes = Drawing::new(text, roster, grid);
    if nodes.nodes.iter().any(|node| matches!(node, Node::Milestones(_) | Node::Strange)) {
        nodes.read(claims);
    }
}

fn has_arrow(line: &str) -> bool {
    line.contains(|c| right_head(c) || left_head(c))
}

/// Whether anything in `line` could be drawn.
fn has_line(line: &str) -> bool {
    line.contains("--")
        || line.contains('|')
        || line.contains(|c: char| ('\u{2190}'..='\u{2bff}').contains(&c))
        || line.contains("->")
        || line.contains("=>")
}

fn has_id(text: &str, range: Range<usize>, roster: &Roster<'_>) -> bool {
    tokens(text, range, roster).iter().any(|token| matches!(token.kind, Kind::Id(_)))
}

/// What a piece of text in a drawing is.
#[derive(Clone, Debug)]
enum Node {
    /// Milestones.
    Milestones(Rc<[Named]>),
    /// Something that a person approves.
    Gate(String),
    /// Words.
    Text,
    /// Words that name milestones and are none themselves.
    Strange,
}

/// A drawing that is being read.
pub(super) struct Drawing<'t> {
    text: &'t str,
    roster: &'t Roster<'t>,
    pub(super) grid: Grid,
    /// What each piece is; a piece that goes on behind blanks is a part of the one before it.
    nodes: Vec<Node>,
    pub(super) whole: Vec<usize>,
    /// The rows that have one piece and no more.
    pub(super) alone: Vec<bool>,
}

impl<'t> Drawing<'t> {
    fn new(text: &'t str, roster: &'t Roster<'t>, grid: Grid) -> Self {
        let mut drawing =
            Self { text, roster, grid, nodes: Vec::new(), whole: Vec::new(), alone: Vec::new() };
        for number in 0..drawing.grid.pieces.len() {
            let piece = &drawing.grid.pieces[number];
            let node = drawing.node(piece.bytes.clone());
            let previous = number.checked_sub(1).map(|before| &drawing.grid.pieces[before]);
            let goes_on = matches!(node, Node::Text)
                && previous.is_some_and(|before| {
                    let row = piece.row;
                    before.row == row
                        && (before.columns.end..piece.columns.start)
                            .all(|column| drawing.grid.cell(row, column) == Cell::Blank)
                });
            let whole = if goes_on { drawing.whole[number - 1] } else { number };
            drawing.whole.push(whole);
            drawing.nodes.push(node);
        }
        let mut first = 0;
        for row in 0..drawing.grid.rows() {
            let behind = first + drawing.grid.row(row).len();
            let alone = drawing.whole[first..behind].windows(2).all(|pair| pair[0] == pair[1]);
            drawing.alone.push(alone);
            first = behind;
        }
        drawing
    }

    /// What the words in these bytes are.
    fn node(&self, bytes: Range<usize>) -> Node {
        let found = tokens(self.text, bytes.clone(), self.roster);
        let lists = Lists { tokens: &found, roster: self.roster };
        if let Some(list) = begins(lists) {
            return Node::Milestones(list.named());
        }
        if found.iter().any(|token| matches!(token.kind, Kind::Id(_))) {
            return Node::Strange;
        }
        if is_gate(&found) {
            return Node::Gate(self.text[bytes].to_owned());
        }
        match self.roster.titled(self.text[bytes.clone()].trim()) {
            Some(place) => {
                let id = self.roster.known[place].id.to_owned();
                Node::Milestones(Rc::from([Named { who: Who::One(id), at: bytes.start }]))
            }
            None => Node::Text,
        }
    }

    fn read(&self, claims: &mut Claims) {
        self.asides(claims);
        let nets = self.nets();
        let mut before: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut behind: HashMap<usize, Vec<usize>> = HashMap::new();
        for net in &nets {
            let Some((from, to)) = self.ends(net, claims) else { continue };
            let gate = |piece: &usize| matches!(self.nodes[*piece], Node::Gate(_));
            for &piece in from.iter().filter(|piece| gate(piece)) {
                behind.entry(piece).or_default().extend(&to);
            }
            for &piece in to.iter().filter(|piece| gate(piece)) {
                before.entry(piece).or_default().extend(&from);
            }
            let (needed, subjects) = (self.named(&from), self.named(&to));
            if !needed.is_empty() && !subjects.is_empty() {
                claims.needs(&subjects, &needed, Notation::Graph, None);
            }
        }
        let mut gates: Vec<(usize, Vec<usize>)> = behind.into_iter().collect();
        gates.sort_unstable();
        for (gate, subjects) in gates {
            let Node::Gate(text) = &self.nodes[gate] else { continue };
            let subjects = self.named(&subjects);
            let needed = before.get(&gate).map(|needed| self.named(needed)).unwrap_or_default();
            if subjects.is_empty() {
                continue;
            }
            if !needed.is_empty() {
                claims.needs(&subjects, &needed, Notation::Graph, None);
            }
            let after = needed.last().cloned();
            let at = self.grid.pieces[gate].bytes.start;
            claims.gates.push(GateClaim { subjects, itself: None, after, text: text.clone(), at });
        }
    }

    fn named(&self, pieces: &[usize]) -> Rc<[Named]> {
        let mut named = Vec::new();
        for &piece in pieces {
            if let Node::Milestones(list) = &self.nodes[piece] {
                named.extend(list.iter().cloned());
            }
        }
        named.into()
    }

    /// What is said behind milestones and in parentheses: `M4 (requires M2)`.
    fn asides(&self, claims: &mut Claims) {
        for (piece, node) in self.grid.pieces.iter().zip(&self.nodes) {
            let Node::Milestones(named) = node else { continue };
            let found = tokens(self.text, piece.bytes.clone(), self.roster);
            let lists = Lists { tokens: &found, roster: self.roster };
            let Some(list) = begins(lists) else { continue };
            for (member, aside) in &list.asides {
                let member: Rc<[Named]> = Rc::from([list.members[*member].1.clone()]);
                let words = &found[aside.clone()];
                if asks_person(words) {
                    let (text, at) = (words_of(words), place(&found, aside.clone()));
                    let subjects = Rc::clone(&member);
                    claims.gates.push(GateClaim { subjects, itself: None, after: None, text, at });
                }
                let setting = about(member);
                prose::read(lists, aside.clone(), &setting, claims);
            }
            prose::read(lists, list.end..found.len(), &about(Rc::clone(named)), claims);
        }
    }

    /// The pieces that a net leads from and to; none when it does not say, which is then said.
    fn ends(&self, net: &Net, claims: &mut Claims) -> Option<(Vec<usize>, Vec<usize>)> {
        let of =
            |side: Side| net.touches.iter().filter(move |(_, found)| *found == side).map(|(piece, _)| *piece);
        let mut from: Vec<usize> = of(Side::Source).collect();
        let mut to: Vec<usize> = of(Side::Head).collect();
        if net.backwards {
            from.extend(of(Side::Target));
        } else {
            to.extend(of(Side::Target));
        }
        if from.is_empty() {
            from.extend(of(Side::Frame));
        }
        let milestones = |pieces: &[usize]| {
            pieces
                .iter()
                .filter(|piece| matches!(self.nodes[**piece], Node::Milestones(_) | Node::Strange))
                .count()
        };
        if milestones(&from) + milestones(&to) == 0 {
            return None;
        }
        if !net.heads && !net.vertical {
            return self.plain_line(&from, &to, net, claims);
        }
        let words = |pieces: &[usize]| {
            pieces.iter().any(|piece| matches!(self.nodes[*piece], Node::Text | Node::Strange))
        };
        if from.is_empty() || to.is_empty() || words(&from) || words(&to) {
            // `M6 ──► release`, `start ──► M1`: where a plan begins and ends.
            let ends = |pieces: &[usize]| {
                !pieces.is_empty()
                    && pieces
                        .iter()
                        .all(|piece| matches!(self.nodes[*piece], Node::Text) && self.is_end(*piece))
            };
            if !ends(&from) && !ends(&to) {
                claims.unread(net.at.unwrap_or_default(), NOT_READ, WRITE_FIELD);
            }
            return None;
        }
        Some((from, to))
    }

    /// `M2 (dropdown) ──── no dependencies, foundation for M3`: what is said of the piece in front of the line.
    fn plain_line(
        &self,
        from: &[usize],
        to: &[usize],
        net: &Net,
        claims: &mut Claims,
    ) -> Option<(Vec<usize>, Vec<usize>)> {
        if let ([from], [to]) = (from, to)
            && let Node::Milestones(named) = &self.nodes[*from]
            && let Node::Text | Node::Strange = &self.nodes[*to]
        {
            let bytes = self.grid.pieces[*to].bytes.clone();
            let found = tokens(self.text, bytes, self.roster);
            let lists = Lists { tokens: &found, roster: self.roster };
            let mut begin = 0;
            for at in 0..=found.len() {
                let next = found.get(at + 1).map(|token| &token.kind);
                let ends = at == found.len()
                    || (found[at].kind == Kind::Comma && !matches!(next, Some(Kind::Id(_))));
                if ends {
                    prose::read(lists, begin..at, &about(Rc::clone(named)), claims);
                    begin = at + 1;
                }
            }
        } else {
            claims.unread(net.at.unwrap_or_default(), NOT_READ, WRITE_FIELD);
        }
        None
    }

    /// Whether a piece of text is a place where plans begin or end.
    fn is_end(&self, piece: usize) -> bool {
        let bytes = self.grid.pieces[piece].bytes.clone();
        let word = self.text[bytes].trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        [
            "start", "begin", "done", "end", "finish", "release", "ship", "complete", "launch", "kickoff",
            "ship it",
        ]
        .contains(&&*word)
    }
}

/// How words about milestones in a drawing are read.
fn about(named: Rc<[Named]>) -> Setting {
    Setting {
        itself: None,
        implied: Some(named),
        only_itself: false,
        terse: true,
        notation: Notation::Graph,
        reversed: Notation::Graph,
    }
}

/// The list that a piece of text begins with, after a label that names nothing: `Phase one: M1, M2`.
fn begins(lists: Lists<'_, '_>) -> Option<List> {
    let tokens = lists.tokens;
    let skip = |mut at: usize| {
        while at < tokens.len()
            && (tokens[at].is_look() || matches!(tokens[at].kind, Kind::Other | Kind::Dash { .. }))
        {
            at += 1;
        }
        at
    };
    let start = skip(0);
    if let Some(list) = lists.list(start, tokens.len()) {
        return Some(list);
    }
    let colon = tokens.iter().take(8).position(|token| token.kind == Kind::Colon);
    let label = colon.filter(|&colon| !tokens[..colon].iter().any(|token| matches!(token.kind, Kind::Id(_))));
    lists.list(skip(label? + 1), tokens.len())
}
