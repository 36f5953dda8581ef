//! Sentences: `M3 requires M1 + M2 complete`, `M4 can start after M2`, `M3 + M4 block M5`.

use std::ops::Range;
use std::rc::Rc;

use crate::planning::Notation;

use super::claim::{Claims, GateClaim, WRITE_FIELD};
use super::gate::{asks_person, place, words_of};
use super::list::{Joint, List, Lists, Named, Who};
use super::token::Kind;
use super::words::{Lead, Relation, Said, said};

/// Where sentences stand, and so what they may be about.
#[derive(Clone)]
pub(super) struct Setting {
    /// The milestone whose section or row it is.
    pub(super) itself: Option<usize>,
    /// Whom a sentence without a subject is about: `Depends on M1`.
    pub(super) implied: Option<Rc<[Named]>>,
    /// Nothing but what is said of `itself` counts.
    pub(super) only_itself: bool,
    /// Hardly anything but dependencies is written here: `After M1` is enough.
    pub(super) terse: bool,
    /// What a dependency is called that is read here.
    pub(super) notation: Notation,
    /// The same of one that is said the other way round.
    pub(super) reversed: Notation,
}

/// Reads the sentences in the tokens `range`.
pub(super) fn read(lists: Lists<'_, '_>, range: Range<usize>, setting: &Setting, claims: &mut Claims) {
    let mut left = vec![(range, setting.implied.clone(), setting.terse)];
    while let Some((range, implied, terse)) = left.pop() {
        let mut begin = range.start;
        let mut at = range.start;
        while at <= range.end {
            let ends = at == range.end
                || matches!(lists.tokens[at].kind, Kind::Stop | Kind::Semicolon | Kind::Divider)
                || (at > begin && is_label(lists, at, range.end));
            if ends {
                if at > begin {
                    let setting = Setting { implied: implied.clone(), terse, ..setting.clone() };
                    let mut sentence = Sentence { lists, setting: &setting, claims, asides: Vec::new() };
                    sentence.read(begin..at);
                    left.extend(sentence.asides.into_iter().map(|(range, about)| (range, about, true)));
                }
                begin = if at < range.end && lists.tokens[at].kind == Kind::Bold { at } else { at + 1 };
                at += 1;
                continue;
            }
            at = match lists.tokens[at].kind {
                Kind::Open(close) if close < range.end => close + 1,
                _ => at + 1,
            };
        }
    }
}

/// Whether a bold label begins at token `at`: `**Depends on:**`, `**Depends on**:`.
pub(super) fn is_label(lists: Lists<'_, '_>, at: usize, end: usize) -> bool {
    if lists.tokens[at].kind != Kind::Bold {
        return false;
    }
    let mut words = 0;
    for (n, token) in lists.tokens[at + 1..end].iter().take(8).enumerate() {
        match token.kind {
            Kind::Word(_) => words += 1,
            Kind::Colon => return words > 0,
            Kind::Bold => {
                let next = lists.tokens[..end].get(at + n + 2).map(|token| &token.kind);
                return words > 0 && next == Some(&Kind::Colon);
            }
            Kind::Slash | Kind::Dash { .. } => {}
            _ => return false,
        }
    }
    false
}

struct Sentence<'s, 'c, 't, 'a> {
    lists: Lists<'t, 'a>,
    setting: &'s Setting,
    claims: &'c mut Claims,
    /// What is said in parentheses, and of whom.
    asides: Vec<Aside>,
}

/// Tokens in parentheses, and whom they are about.
type Aside = (Range<usize>, Option<Rc<[Named]>>);

/// A claim that may still lose the last of its objects to the next sentence.
struct Open {
    subjects: Rc<[Named]>,
    list: List,
    relation: Relation,
    notation: Notation,
}

impl Sentence<'_, '_, '_, '_> {
    fn read(&mut self, range: Range<usize>) {
        let (parts, tail) = self.parts(range.clone());
        if parts.is_empty() {
            self.nothing_named(&tail, range);
            return;
        }
        let mut subject: Option<Rc<[Named]>> = None;
        let mut open: Option<Open> = None;
        // `Do not start M5 until …`, `After M1, …`, `Before M5, …`
        let mut not = false;
        let mut condition: Option<(Relation, Rc<[Named]>)> = None;
        let mut parts = parts.into_iter().enumerate().peekable();
        while let Some((n, (words, list))) = parts.next() {
            let mut said = said(self.lists.tokens, &words);
            let last = parts.peek().is_none();
            let named = list.named();
            if n == 0 {
                let relation = said.relation();
                match (relation, self.setting.implied.clone()) {
                    (Relation::Nothing, _) => {
                        not = said.not;
                        subject = Some(named);
                        if last {
                            self.alone(&list, &said, &tail);
                        }
                    }
                    (Relation::Apart, None) => {
                        self.apart(&named);
                        subject = Some(named);
                    }
                    (Relation::Needs | Relation::NeededBy, _) if !said.strong && !last => {
                        condition = Some((relation, named));
                    }
                    (Relation::Needs, None) if said.is_condition() && last => {
                        self.condition_alone(&list, &tail)
                    }
                    (relation, Some(implied)) if self.may_be_implied(&said, &tail) => {
                        let notation = self.notation(relation, &said);
                        subject = Some(Rc::clone(&implied));
                        open = Some(Open { subjects: implied, list, relation, notation });
                    }
                    _ => subject = Some(named),
                }
                continue;
            }
            if n == 1 && not {
                said.not = !said.not;
            }
            let mut relation = said.relation();
            if let Some((first, needed)) = condition.take() {
                // `Once M1 is complete, M2 can start`; `Before M5, finish M3`.
                let plain = said.strange_before + said.strange_after == 0;
                if relation == Relation::Nothing && plain {
                    match first {
                        Relation::Needs => self.claim(&named, &needed, self.setting.notation, false),
                        _ => self.claim(&needed, &named, self.setting.notation, false),
                    }
                    subject = Some(named);
                    continue;
                }
                subject = Some(needed);
                if relation != Relation::Nothing {
                    relation = Relation::Unclear;
                }
            }
            // Whom it is about, when the list in front was what the last words were about.
            let mut from = subject.clone();
            if let Some(before) = &mut open
                && relation != Relation::Nothing
            {
                match said.lead {
                    Lead::Which => from = Some(before.list.named()),
                    Lead::Joined => {}
                    Lead::Plain if said.comma => {}
                    Lead::Plain => match split(&mut before.list, &said) {
                        Some(rest) => from = Some(rest),
                        None => relation = Relation::Unclear,
                    },
                }
            }
            if let Some(before) = open.take() {
                if relation == Relation::Nothing && said.not && said.lead == Lead::Joined {
                    // `M3 needs M1 but not M2`
                    let opposite = match before.relation {
                        Relation::Needs => Relation::NeedsNot,
                        Relation::NeededBy => Relation::NotNeededBy,
                        other => other,
                    };
                    let subjects = Rc::clone(&before.subjects);
                    let notation = before.notation;
                    self.close(before);
                    self.close(Open { subjects, list, relation: opposite, notation });
                    continue;
                }
                self.close(before);
            }
            match (relation, from) {
                (Relation::Nothing, _) => subject = Some(named),
                (Relation::Unclear, from) => {
                    if said.strong || self.setting.terse {
                        self.unclear(from.as_ref(), &named);
                    }
                    subject = Some(named);
                }
                (relation, Some(from)) => {
                    if said.apart && relation != Relation::Apart {
                        self.apart(&from);
                    }
                    let notation = self.notation(relation, &said);
                    subject = Some(Rc::clone(&from));
                    open = Some(Open { subjects: from, list, relation, notation });
                }
                (_, None) => subject = Some(named),
            }
        }
        if let Some(open) = open {
            self.approval(&open, range.end);
            self.close(open);
        }
        if let Some((Relation::NeededBy, named)) = condition
            && let Some(implied) = self.setting.implied.clone()
        {
            self.claim(&named, &implied, self.setting.reversed, false);
        }
    }

    /// The lists of a sentence with the words in front of each, and the words behind the last one.
    fn parts(&mut self, range: Range<usize>) -> (Vec<(Vec<usize>, List)>, Vec<usize>) {
        let mut parts = Vec::new();
        let mut words = Vec::new();
        let mut at = range.start;
        while at < range.end {
            if let Some(list) = self.lists.list(at, range.end) {
                for (member, aside) in &list.asides {
                    let about = list.members[*member].1.clone();
                    self.asides.push((aside.clone(), Some(Rc::from([about]))));
                }
                at = list.end.max(at + 1);
                parts.push((std::mem::take(&mut words), list));
                continue;
            }
            let token = &self.lists.tokens[at];
            match token.kind {
                Kind::Open(close) if close < range.end => {
                    self.asides.push((at + 1..close, None));
                    at = close;
                }
                _ if token.is_look() => {}
                _ => words.push(at),
            }
            at += 1;
        }
        (parts, words)
    }

    /// A sentence that names no milestone, such as `no dependencies` behind one.
    fn nothing_named(&mut self, words: &[usize], range: Range<usize>) {
        let said = said(self.lists.tokens, words);
        let Some(implied) = &self.setting.implied else { return };
        if said.not && said.strong && said.strange_before + said.strange_after == 0 {
            let at = self.lists.tokens[range.start].at;
            self.claims.none(implied, self.setting.itself, self.lists.roster, at);
        }
    }

    /// One list and what is said of it: `M2 and M3 can run in parallel`, `M2 has no dependencies`.
    fn alone(&mut self, list: &List, head: &Said, tail: &[usize]) {
        let said = said(self.lists.tokens, tail);
        let not = said.not != head.not;
        if said.apart && !not {
            self.apart(&list.named());
        }
        if said.strong && not && said.relation() != Relation::Unclear {
            self.claims.none(&list.named(), self.setting.itself, self.lists.roster, list.members[0].1.at);
        }
    }

    /// `After M1, M2 and M3 can start`: the comma is the end of the condition.
    fn condition_alone(&mut self, list: &List, tail: &[usize]) {
        let said = said(self.lists.tokens, tail);
        if !said.starts || said.strange_before + said.strange_after > 0 {
            return;
        }
        let mut commas = list.members.iter().enumerate().filter(|(_, (joint, _))| *joint == Joint::Comma);
        let (comma, more) = (commas.next().map(|(at, _)| at), commas.next().is_some());
        match comma {
            Some(comma) if !more => {
                let named = list.named();
                let (needed, subjects) = named.split_at(comma);
                self.claim(&subjects.into(), &needed.into(), self.setting.notation, false);
            }
            Some(_) => self.unclear(None, &list.named()),
            None => {}
        }
    }

    /// Whether a sentence that begins without a subject is about the milestone that it stands with.
    fn may_be_implied(&self, head: &Said, tail: &[usize]) -> bool {
        head.strange_before == 0
            && (head.strong
                || self.setting.terse
                || head.starts
                || head.apart
                || tail
                    .iter()
                    .all(|&at| self.lists.tokens[at].is_word(&["complete", "completes", "is", "done"])))
    }

    fn notation(&self, relation: Relation, said: &Said) -> Notation {
        match relation {
            Relation::NeededBy if said.is_blocks() => self.setting.reversed,
            _ => self.setting.notation,
        }
    }

    fn close(&mut self, open: Open) {
        let objects = open.list.named();
        match open.relation {
            Relation::Needs => {
                if open.list.or && self.counts(&open.subjects, &objects) {
                    self.claims.unread(
                        objects[0].at,
                        "one of several is said to be enough; all of them are waited for",
                        "name the one that has to be done first",
                    );
                }
                self.claim(&open.subjects, &objects, open.notation, false);
            }
            Relation::NeededBy => self.claim(&objects, &open.subjects, open.notation, false),
            Relation::NeedsNot => self.claim(&open.subjects, &objects, open.notation, true),
            Relation::NotNeededBy => self.claim(&objects, &open.subjects, open.notation, true),
            Relation::Apart => {
                self.claim(&open.subjects, &objects, open.notation, true);
                self.claim(&objects, &open.subjects, open.notation, true);
            }
            Relation::Nothing | Relation::Unclear => {}
        }
    }

    /// `M4 can start after M2 and the owner's sign-off`.
    fn approval(&mut self, open: &Open, end: usize) {
        let begin = open.list.asides.first().map_or(open.list.end, |(_, aside)| aside.start);
        let words = &self.lists.tokens[begin..end.max(begin)];
        let objects = open.list.named();
        if open.relation != Relation::Needs || !asks_person(words) || !self.counts(&open.subjects, &objects) {
            return;
        }
        self.claims.gates.push(GateClaim {
            subjects: Rc::clone(&open.subjects),
            itself: self.setting.itself,
            after: objects.last().cloned(),
            text: words_of(words),
            at: place(self.lists.tokens, begin..end),
        });
    }

    fn claim(&mut self, subjects: &Rc<[Named]>, objects: &Rc<[Named]>, notation: Notation, not: bool) {
        if !self.counts(subjects, objects) {
            return;
        }
        if not {
            self.claims.needs_not(subjects, objects, self.setting.itself);
        } else {
            self.claims.needs(subjects, objects, notation, self.setting.itself);
        }
    }

    fn apart(&mut self, named: &Rc<[Named]>) {
        if named.len() > 1 && !self.setting.only_itself {
            self.claims.apart.push(Rc::clone(named));
        }
    }

    /// Whether what is said of these is said in the right place.
    fn counts(&self, subjects: &[Named], objects: &[Named]) -> bool {
        let own = |named: &Named| match &named.who {
            Who::Itself => true,
            Who::One(id) => self.setting.itself.is_some_and(|own| self.lists.roster.known[own].id == id),
            _ => false,
        };
        !self.setting.only_itself || subjects.iter().any(own) || objects.iter().any(own)
    }

    fn unclear(&mut self, from: Option<&Rc<[Named]>>, named: &Rc<[Named]>) {
        let from = from.map_or(&[][..], |from| from);
        if self.counts(from, named) {
            let at = from.first().unwrap_or(&named[0]).at;
            self.claims.unread(
                at,
                "a sentence about what depends on what that is not understood",
                WRITE_FIELD,
            );
        }
    }
}

/// Takes the part of an object list that is the subject of what follows: `M3 needs M1, and M4 needs M2`. None when it
/// can't be told.
fn split(list: &mut List, said: &Said) -> Option<Rc<[Named]>> {
    let at = if said.several {
        let mut commas = list
            .members
            .iter()
            .enumerate()
            .filter(|(_, (joint, _))| matches!(joint, Joint::Comma | Joint::And { comma: true }));
        let at = commas.next()?.0;
        if commas.next().is_some() {
            return None;
        }
        at
    } else {
        list.members.len() - 1
    };
    let (joint, _) = list.members.get(at)?;
    if matches!(joint, Joint::First | Joint::Sign) {
        return None;
    }
    Some(list.members.split_off(at).into_iter().map(|(_, named)| named).collect())
}
