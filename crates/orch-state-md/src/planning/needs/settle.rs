//! From what the document says to what each milestone needs.

use std::rc::Rc;

use hashbrown::{HashMap, HashSet};
use orch_core::Diagnostic;

use crate::planning::{Dependency, Gate, Group, Notation};
use crate::text::{Findings, quoted};

use super::claim::{Claim, Claims, Unread};
use super::list::{Named, Who};
use super::places::Places;
use super::roster::Roster;
use super::{Document, Needs};

/// Dependencies that a document may come to: a hundred milestones that each need all the others are ten thousand.
pub(super) const MOST_DEPENDENCIES: usize = 200_000;

/// Milestones that ranges, groups and "all others" may name altogether.
const MOST_NAMED: usize = 4 * MOST_DEPENDENCIES;

/// One that is needed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum On {
    Known(usize),
    Unknown(Rc<str>),
}

/// That a milestone needs one.
pub(super) struct Edge {
    pub(super) to: usize,
    pub(super) on: On,
    pub(super) notation: Notation,
    pub(super) at: usize,
}

/// Claims that are being settled.
pub(super) struct Settling<'d, 'a> {
    pub(super) document: &'d Document<'a>,
    pub(super) roster: &'d Roster<'d>,
    /// The members of each group, by key.
    groups: HashMap<String, Vec<(On, usize)>>,
    /// Those that come after all others: none of them waits for another.
    last: HashSet<usize>,
    /// Those that "all others" does not mean where it is being read.
    left_out: HashSet<usize>,
    edges: Vec<Edge>,
    pub(super) denied: HashMap<(usize, usize), usize>,
    unread: Vec<Unread>,
    /// Milestones that may still be named by ranges, groups and "all others".
    left: usize,
    full: bool,
}

/// Makes of `claims` what each milestone needs.
pub(super) fn settle(document: &Document<'_>, roster: &Roster<'_>, mut claims: Claims) -> Needs {
    let mut settling = Settling {
        document,
        roster,
        groups: HashMap::new(),
        last: HashSet::new(),
        left_out: HashSet::new(),
        edges: Vec::new(),
        denied: HashMap::new(),
        unread: std::mem::take(&mut claims.unread),
        left: MOST_NAMED,
        full: false,
    };
    settling.run(&claims);
    settling.finish(claims)
}

impl Settling<'_, '_> {
    fn run(&mut self, claims: &Claims) {
        for group in &claims.groups {
            let members = self.resolve(&group.members, None);
            self.groups.entry(group.key.clone()).or_default().extend(members);
        }
        for claim in claims.said.iter().filter(|claim| !claim.not) {
            if claim.objects.iter().any(|named| matches!(named.who, Who::Others(_))) {
                for named in claim.subjects.iter() {
                    self.last.extend(self.place(named, claim.itself));
                }
            }
        }
        let others = |claim: &&Claim| {
            let all = |named: &Named| matches!(named.who, Who::Others(_));
            claim.objects.iter().any(all) || claim.subjects.iter().any(all)
        };
        for claim in claims.said.iter().filter(|claim| !others(claim)) {
            self.expand(claim);
        }
        // What is said of one milestone counts more than what is said of all: where M1 needs M0, "M1 blocks everything
        // else" is not about M0.
        let count = self.document.milestones.len();
        let (mut needed, mut waiting) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for edge in &self.edges {
            if let On::Known(on) = edge.on {
                needed[edge.to].push(on);
                waiting[on].push(edge.to);
            }
        }
        for claim in claims.said.iter().filter(others) {
            self.leave_out(claim, &needed, &waiting);
            self.expand(claim);
        }
        self.edges.sort_by_key(|edge| edge.at);
    }

    /// Finds those that "all others" in `claim` can't mean, by what each milestone needs and what waits for it.
    fn leave_out(&mut self, claim: &Claim, needed: &[Vec<usize>], waiting: &[Vec<usize>]) {
        self.left_out.clear();
        let waits = claim.objects.iter().any(|named| matches!(named.who, Who::Others(_)));
        let (bases, near) = if waits { (&claim.subjects, waiting) } else { (&claim.objects, needed) };
        let mut open: Vec<usize> = bases.iter().filter_map(|named| self.place(named, claim.itself)).collect();
        while let Some(place) = open.pop() {
            // As many as there are steps, so that many claims about all can't be slow.
            self.left = self.left.saturating_sub(near[place].len());
            if self.left == 0 {
                self.full = true;
                return;
            }
            open.extend(near[place].iter().filter(|next| self.left_out.insert(**next)));
        }
        if waits {
            self.left_out.extend(&self.last);
        }
    }

    pub(super) fn place(&self, named: &Named, itself: Option<usize>) -> Option<usize> {
        match &named.who {
            Who::One(id) => self.roster.place(id),
            Who::Itself => itself,
            _ => None,
        }
    }

    /// The milestones that are meant, as far as that needs nobody they are said of.
    pub(super) fn resolve(&mut self, named: &[Named], itself: Option<usize>) -> Vec<(On, usize)> {
        let mut found = Vec::new();
        for one in named {
            self.one(one, itself, None, &mut found);
        }
        found
    }

    /// The milestones that `named` means when it is said of `of`.
    fn one(&mut self, named: &Named, itself: Option<usize>, of: Option<usize>, found: &mut Vec<(On, usize)>) {
        let count = self.document.milestones.len();
        let at = named.at;
        let known = |place: usize| (On::Known(place), at);
        let size = match &named.who {
            Who::One(_) | Who::Itself | Who::Previous => 1,
            Who::Range(first, last) => 2 + self.roster.range(first, last).map_or(0, <[_]>::len),
            Who::Group(key) => 1 + self.groups.get(key).map_or(0, Vec::len),
            Who::Others(except) => count + except.len(),
            Who::Before => count,
            Who::Family(letters) => 1 + self.roster.family(letters).len(),
        };
        if size > self.left {
            self.full = true;
            return;
        }
        self.left -= size;
        match &named.who {
            Who::One(id) => found.push((self.on(id), at)),
            Who::Itself => found.extend(itself.map(known)),
            Who::Range(first, last) => {
                let between = self.roster.range(first, last).unwrap_or(&[]);
                found.extend(between.iter().map(|&(_, place)| known(place)));
                for end in [first, last] {
                    if self.roster.place(end).is_none() {
                        found.push((self.on(end), at));
                    }
                }
            }
            Who::Group(key) => match self.groups.get(key) {
                Some(members) => found.extend(members.iter().map(|(on, _)| (on.clone(), at))),
                None => self.unread.push(Unread {
                    at,
                    message: format!("{} is not listed", quoted(key)),
                    hint: "list its milestones: `**Group A**: M1, M2`",
                }),
            },
            Who::Others(except) => {
                let mut left_out: HashSet<usize> = of.into_iter().collect();
                for named in except.iter() {
                    left_out.extend(self.place(named, itself));
                }
                let meant = |place: &usize| !left_out.contains(place) && !self.left_out.contains(place);
                found.extend((0..count).filter(meant).map(known));
            }
            Who::Before => found.extend((0..of.or(itself).unwrap_or(0)).map(known)),
            Who::Previous => found.extend(of.or(itself).and_then(|of| of.checked_sub(1)).map(known)),
            Who::Family(letters) => {
                let family = self.roster.family(letters);
                found.extend(
                    family.iter().filter(|(_, place)| Some(*place) != of).map(|&(_, place)| known(place)),
                );
            }
        }
    }

    fn on(&self, id: &str) -> On {
        self.roster.place(id).map_or_else(|| On::Unknown(id.into()), On::Known)
    }

    fn expand(&mut self, claim: &Claim) {
        if self.full {
            return;
        }
        // `M1 blocks everything else`: the others are the others of M1.
        let base = claim.objects.first().and_then(|named| self.place(named, claim.itself));
        let mut subjects = Vec::new();
        for named in claim.subjects.iter() {
            self.one(named, claim.itself, base, &mut subjects);
        }
        let relative = |named: &Named| {
            matches!(named.who, Who::Others(_) | Who::Before | Who::Previous | Who::Family(_))
        };
        let fixed = claim.objects.iter().filter(|named| !relative(named)).cloned().collect::<Vec<_>>();
        let fixed = self.resolve(&fixed, claim.itself);
        let moving: Vec<Named> = claim.objects.iter().filter(|named| relative(named)).cloned().collect();
        for (subject, at) in subjects {
            let to = match subject {
                On::Known(place) => place,
                On::Unknown(id) => {
                    if !claim.not {
                        self.unread.push(Unread {
                            at,
                            message: format!("{} is none of the tracker's milestones", quoted(&id)),
                            hint: "add it to the tracker, or mend the id",
                        });
                    }
                    continue;
                }
            };
            let mut objects = Vec::new();
            for named in &moving {
                self.one(named, claim.itself, Some(to), &mut objects);
            }
            for (on, at) in fixed.iter().cloned().chain(objects) {
                if self.edges.len() + self.denied.len() >= MOST_DEPENDENCIES {
                    self.full = true;
                    return;
                }
                if !claim.not {
                    self.edges.push(Edge { to, on, notation: claim.notation, at });
                } else if let On::Known(on) = on {
                    self.denied.entry((to, on)).or_insert(at);
                }
            }
        }
    }

    fn finish(mut self, claims: Claims) -> Needs {
        let count = self.document.milestones.len();
        let mut seen: HashSet<(usize, On)> = HashSet::new();
        let mut itself = Vec::new();
        let mut edges: Vec<Edge> = Vec::new();
        for edge in std::mem::take(&mut self.edges) {
            if edge.on == On::Known(edge.to) {
                itself.push((edge.to, edge.at));
            } else if seen.insert((edge.to, edge.on.clone())) {
                edges.push(edge);
            }
        }
        drop(seen);
        let gates = self.gates(&claims);
        let places = self.places(&claims, &edges, &itself, &gates);
        let mut findings = Findings::default();
        self.contradictions(&claims, &edges, &places, &mut findings);
        itself.dedup_by_key(|(place, _)| *place);
        for (place, at) in itself {
            let message = format!("{} is said to depend on itself", self.document.milestones[place].id);
            let finding = Diagnostic::warning("planning.needs.itself", message);
            findings.push(finding.hint("leave it out; it is not counted").at(places.of(at)));
        }
        if self.full {
            let message = format!("more than {MOST_DEPENDENCIES} dependencies; those beyond are left out");
            findings.push(
                Diagnostic::error("planning.needs.too_many", message)
                    .hint("name what each milestone waits for, not everything in front of it"),
            );
        }
        self.unread.sort_by_key(|unread| unread.at);
        self.unread.dedup_by(|a, b| a.at == b.at && a.message == b.message);
        for unread in &self.unread {
            let finding = Diagnostic::warning("planning.needs.not_read", unread.message.clone());
            findings.push(finding.hint(unread.hint).at(places.of(unread.at)));
        }
        let said_of: HashSet<usize> = claims.none.iter().map(|&(place, _)| place).collect();
        if edges.is_empty() && count > 1 && said_of.len() < count {
            let finding = Diagnostic::warning(
                "planning.no_dependencies",
                format!("no milestone depends on another one: all {count} may start at once"),
            );
            findings
                .push(finding.hint("write `**Depends on:** M1`, or `**Depends on:** none`, in each section"));
        }
        let mut needs = Needs {
            depends_on: (0..count).map(|_| Vec::new()).collect(),
            gates: (0..count).map(|_| Vec::new()).collect(),
            groups: self.listed(&claims, &places),
            findings: Vec::new(),
        };
        for (to, gate, at) in gates {
            needs.gates[to].push(Gate { at: at.map_or(gate.at, |at| places.of(at)), ..gate });
        }
        for edge in edges {
            let on = match edge.on {
                On::Known(place) => self.document.milestones[place].id.to_owned(),
                On::Unknown(id) => id.to_string(),
            };
            needs.depends_on[edge.to].push(Dependency {
                on,
                notation: edge.notation,
                at: places.of(edge.at),
            });
        }
        self.boxes(&mut needs);
        needs.findings = findings.finish("planning.needs.more");
        needs
    }

    /// The positions of everything that is shown.
    fn places(
        &self,
        claims: &Claims,
        edges: &[Edge],
        itself: &[(usize, usize)],
        gates: &[(usize, Gate, Option<usize>)],
    ) -> Places {
        let mut bytes: Vec<usize> = edges.iter().map(|edge| edge.at).collect();
        bytes.extend(itself.iter().map(|&(_, at)| at));
        bytes.extend(gates.iter().filter_map(|(_, _, at)| *at));
        bytes.extend(claims.none.iter().map(|&(_, at)| at));
        bytes.extend(claims.groups.iter().map(|group| group.at));
        bytes.extend(self.unread.iter().map(|unread| unread.at));
        bytes.extend(self.denied.values());
        Places::new(self.document.text, bytes)
    }

    fn listed(&mut self, claims: &Claims, places: &Places) -> Vec<Group> {
        let mut groups = Vec::new();
        for group in claims.groups.iter().filter(|group| !group.in_order) {
            let mut seen = HashSet::new();
            let members = self.resolve(&group.members, None);
            let ids = members.into_iter().map(|(on, _)| match on {
                On::Known(place) => self.document.milestones[place].id.to_owned(),
                On::Unknown(id) => id.to_string(),
            });
            let members: Vec<String> = ids.filter(|id| seen.insert(id.clone())).collect();
            groups.push(Group { name: group.name.clone(), members, at: places.of(group.at) });
        }
        groups
    }
}
