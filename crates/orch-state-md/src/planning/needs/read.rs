//! Goes through a document and lets each notation read what is its own.

use std::ops::Range;
use std::rc::Rc;

use crate::planning::Notation;

use super::claim::{Claims, WRITE_FIELD};
use super::field::{self, Label};
use super::group::{self, OpenGroup};
use super::list::{Lists, Named, Who};
use super::prose::{self, Setting};
use super::roster::Roster;
use super::signs::right_head;
use super::token::{Kind, Token, tokens};
use super::unit::{Place, Unit, What, cells, units};
use super::words::said;
use super::{Document, arrow, graph, notes};

/// Reads a document from its beginning to its end.
pub(super) struct Reader<'d, 'a> {
    pub(super) document: &'d Document<'a>,
    pub(super) text: &'a str,
    pub(super) roster: &'d Roster<'d>,
    claims: Claims,
    /// A group whose members may follow.
    group: Option<OpenGroup>,
    /// A field without a value on its line: the list items that follow are its value.
    field: Option<(Label, usize)>,
}

impl<'d, 'a> Reader<'d, 'a> {
    pub(super) fn new(document: &'d Document<'a>, roster: &'d Roster<'d>) -> Self {
        Self { document, text: document.text, roster, claims: Claims::default(), group: None, field: None }
    }

    pub(super) fn read(mut self) -> Claims {
        self.tracker();
        for unit in units(self.document) {
            self.unit(&unit);
        }
        self.claims
    }

    fn tokens(&self, range: Range<usize>) -> Vec<Token<'a>> {
        tokens(self.text, range, self.roster)
    }

    /// The notes of each row, and a column of what it depends on.
    fn tracker(&mut self) {
        for (place, known) in self.document.milestones.iter().enumerate() {
            if let Some(range) = &known.notes {
                let found = self.tokens(range.clone());
                notes::read(Lists { tokens: &found, roster: self.roster }, place, &mut self.claims);
            }
        }
        let Some(range) = &self.document.tracker else { return };
        let mut start = range.start;
        let rows = self.text[range.clone()].split_inclusive('\n').map(|line| {
            let row = (start, line.trim_end());
            start += line.len();
            row
        });
        let rows: Vec<(usize, &str)> = rows.filter(|(_, row)| row.contains('|')).collect();
        self.depends_column(&rows, Notation::Notes);
    }

    fn unit(&mut self, unit: &Unit<'_>) {
        if !matches!(unit.what, What::Item(_)) {
            self.field = None;
        }
        match (&unit.what, unit.place) {
            (_, Place::Prompt) => {}
            (What::Table(rows), Place::Order { .. } | Place::Summary | Place::Own { .. }) => {
                self.table(unit, rows)
            }
            (What::Table(_), _) => {}
            (What::Code(info, lines), _) => {
                graph::read(self.text, self.roster, info, lines, &mut self.claims)
            }
            (_, Place::Other) => self.elsewhere(unit.range.clone()),
            (What::Heading, place) => self.heading(unit, place),
            (What::Paragraph | What::Item(_), place) => self.words(unit, place),
        }
    }

    fn heading(&mut self, unit: &Unit<'_>, place: Place) {
        self.group = None;
        let found = self.tokens(unit.range.clone());
        let lists = Lists { tokens: &found, roster: self.roster };
        match place {
            Place::Own { milestone, .. } => {
                let setting = self.own(milestone, true);
                for (open, token) in found.iter().enumerate() {
                    if let Kind::Open(close) = token.kind {
                        prose::read(lists, open + 1..close, &setting, &mut self.claims);
                    }
                }
            }
            _ => {
                // The signs of the heading itself come first.
                let start = found.iter().position(|token| token.kind != Kind::Other).unwrap_or(found.len());
                if let Some((group, _)) = group::head(lists, start..found.len(), self.text, &mut self.claims)
                {
                    self.group = Some(OpenGroup { group, columns: None });
                }
            }
        }
    }

    /// A paragraph or a list item.
    fn words(&mut self, unit: &Unit<'_>, place: Place) {
        let found = self.tokens(unit.range.clone());
        let all = 0..found.len();
        let lists = Lists { tokens: &found, roster: self.roster };
        match place {
            Place::Own { milestone, named } => {
                self.own_words(lists, milestone, named, matches!(unit.what, What::Item(_)))
            }
            _ => {
                if let Some((group, some)) = group::head(lists, all.clone(), self.text, &mut self.claims) {
                    let columns = match unit.what {
                        What::Item(columns) => Some(columns),
                        _ => None,
                    };
                    self.group = (!some).then_some(OpenGroup { group, columns });
                    return;
                }
                if let (What::Item(columns), Some(open)) = (&unit.what, &self.group) {
                    if open.columns.is_some_and(|outer| *columns <= outer) {
                        self.group = None;
                    } else if group::item(lists, all.clone(), open.group, &mut self.claims) {
                        return;
                    }
                }
                if let Place::Order { named: true } = place
                    && self.listed(lists)
                {
                    return;
                }
                let setting = Setting {
                    itself: None,
                    implied: None,
                    only_itself: false,
                    terse: false,
                    notation: Notation::Prose,
                    reversed: Notation::Blocks,
                };
                for rest in arrow::read(lists, all, self.text, None, &mut self.claims) {
                    prose::read(lists, rest, &setting, &mut self.claims);
                }
            }
        }
    }

    /// `M3: M1, M2`, `M2 — none` in a list of dependencies.
    fn listed(&mut self, lists: Lists<'_, '_>) -> bool {
        let tokens = lists.tokens;
        let Some((named, mut after)) = lists.single(0, tokens.len()) else { return false };
        let [Named { who: Who::One(id), .. }] = &named[..] else { return false };
        let Some(place) = self.roster.place(id) else { return false };
        if let Some(&Kind::Open(close)) = tokens.get(after).map(|token| &token.kind) {
            after = close + 1;
        }
        let mut marked = false;
        while let Some(token) = tokens.get(after) {
            match token.kind {
                Kind::Colon | Kind::Dash { .. } => marked = true,
                _ if token.is_look() => {}
                _ => break,
            }
            after += 1;
        }
        let rest: Vec<usize> = (after..tokens.len()).collect();
        let arrows = tokens.iter().any(|token| matches!(token.kind, Kind::Arrow | Kind::Back | Kind::Both));
        let begins = tokens.get(after).is_some_and(|token| {
            matches!(token.kind, Kind::Id(_))
                || token.is_word(&["none", "nothing", "no", "all", "everything", "milestones"])
        });
        if !marked || !begins || arrows || said(tokens, &rest).strong && !tokens[after].is_word(&["no"]) {
            return false;
        }
        let range = after..tokens.len();
        field::value(lists, range, Label::Needs, place, Notation::Prose, self.text, &mut self.claims)
    }

    /// What stands in the section of a milestone.
    fn own_words(&mut self, lists: Lists<'_, '_>, milestone: usize, named: bool, is_item: bool) {
        let (fields, others) = field::fields(lists, 0..lists.tokens.len());
        let followed = self.field.take().filter(|_| is_item && fields.is_empty());
        let followed = followed.or_else(|| (named && fields.is_empty()).then_some((Label::Needs, milestone)));
        if let Some((label, milestone)) = followed {
            self.field = is_item.then_some((label, milestone)).filter(|_| !named);
            let start = lists.skip_looks(0, lists.tokens.len());
            let sentence: Vec<usize> = (0..lists.tokens.len()).take(12).collect();
            let begins = lists.single(start, lists.tokens.len()).is_some()
                || lists.tokens.get(start).is_some_and(|token| token.is_word(&["none", "nothing", "no"]));
            if begins && (!said(lists.tokens, &sentence).strong || lists.tokens[start].word().is_some()) {
                self.value(lists, start..lists.tokens.len(), label, milestone);
                return;
            }
        }
        for found in &fields {
            if !self.value(lists, found.value.clone(), found.label, milestone) {
                self.field = Some((found.label, milestone));
            }
        }
        let setting = self.own(milestone, false);
        for range in others {
            for rest in arrow::read(lists, range, self.text, Some(milestone), &mut self.claims) {
                prose::read(lists, rest, &setting, &mut self.claims);
            }
        }
    }

    fn value(&mut self, lists: Lists<'_, '_>, range: Range<usize>, label: Label, milestone: usize) -> bool {
        let arrows = lists.tokens[range.clone()].iter().any(|token| token.kind == Kind::Arrow);
        if arrows {
            // `**Dependencies:** M1 → M2 → M3` is a chain.
            arrow::read(lists, range, self.text, Some(milestone), &mut self.claims);
            return true;
        }
        field::value(lists, range, label, milestone, Notation::Field, self.text, &mut self.claims)
    }

    /// How sentences in a milestone's section are read.
    fn own(&self, milestone: usize, terse: bool) -> Setting {
        let at = self.document.milestones[milestone].section.as_ref().map_or(0, |range| range.start);
        Setting {
            itself: Some(milestone),
            implied: Some(Rc::from([Named { who: Who::Itself, at }])),
            only_itself: true,
            terse,
            notation: Notation::Prose,
            reversed: Notation::Blocks,
        }
    }

    fn table(&mut self, unit: &Unit<'_>, rows: &[(usize, &str)]) {
        let mut claims = std::mem::take(&mut self.claims);
        let groups = group::table(self, rows, &mut claims);
        self.claims = claims;
        if groups || self.depends_column(rows, Notation::Field) {
            return;
        }
        if let Place::Order { .. } = unit.place {
            for &(start, row) in rows {
                for cell in cells(start, row) {
                    let unit = Unit { what: What::Paragraph, range: cell, place: unit.place };
                    self.words(&unit, unit.place);
                }
            }
        }
    }

    /// A table with a column of milestones and one of what they depend on; whether it is one.
    fn depends_column(&mut self, rows: &[(usize, &str)], notation: Notation) -> bool {
        let Some((header, rows)) = rows.split_first() else { return false };
        let names: Vec<String> = cells(header.0, header.1)
            .into_iter()
            .map(|cell| self.text[cell].replace(['*', '`'], "").trim().to_lowercase())
            .collect();
        let depends = |name: &String| {
            ["depend", "blocked by", "prereq", "requires", "needs", "after"]
                .iter()
                .any(|word| name.starts_with(word))
        };
        let Some(depends) = names.iter().position(depends) else { return false };
        let milestone = |name: &String| {
            ["milestone", "phase", "task", "id", "#", "name"].iter().any(|word| name.starts_with(word))
        };
        let Some(milestone) = names.iter().position(milestone) else { return false };
        for &(start, row) in rows {
            let row = cells(start, row);
            let (Some(name), Some(value)) = (row.get(milestone), row.get(depends)) else { continue };
            let found = self.tokens(name.clone());
            let id = found.iter().find_map(|token| match &token.kind {
                Kind::Id(id) => self.roster.place(id),
                _ => None,
            });
            let place = id.or_else(|| self.roster.titled(self.text[name.clone()].trim()));
            let Some(place) = place else { continue };
            let found = self.tokens(value.clone());
            let lists = Lists { tokens: &found, roster: self.roster };
            field::value(lists, 0..found.len(), Label::Needs, place, notation, self.text, &mut self.claims);
        }
        true
    }

    /// Nothing is read where nobody would look for it, but an arrow between milestones is not passed over in silence.
    fn elsewhere(&mut self, range: Range<usize>) {
        if !self.text[range.clone()].contains(right_head) {
            return;
        }
        let found = self.tokens(range);
        let arrow = found.windows(3).find(|window| {
            matches!(
                (&window[0].kind, &window[1].kind, &window[2].kind),
                (Kind::Id(_), Kind::Arrow, Kind::Id(_))
            )
        });
        if let Some(arrow) = arrow {
            let message =
                "an arrow between milestones in a section that is not about their order is not read";
            self.claims.unread(arrow[1].at, message, WRITE_FIELD);
        }
    }
}
