//! Groups: `**Group B** (after Group A): M3, M5`, and tables of them.

use std::ops::Range;
use std::rc::Rc;

use crate::planning::Notation;

use super::arrow;
use super::claim::{Claims, GroupClaim};
use super::list::{Lists, Named, Who, group_word};
use super::prose::{self, Setting};
use super::token::{Kind, tokens};
use super::unit::cells;
use super::words::said;

/// A group whose members may still follow as list items.
pub(super) struct OpenGroup {
    /// Its place in [`Claims::groups`].
    pub(super) group: usize,
    /// The columns that its list item is indented by; none for a heading or a paragraph.
    pub(super) columns: Option<usize>,
}

/// Words in front of the word for a group.
const FRONT: &[&str] =
    &["parallel", "milestone", "sequential", "execution", "development", "work", "the", "serial"];
/// Words that say that the members of a group run one after the other.
const IN_ORDER: &[&str] = &["sequential", "sequentially", "serial", "serially", "sequence", "order"];

/// How sentences about the members of a group are read.
fn setting(about: Named, notation: Notation) -> Setting {
    Setting {
        itself: None,
        implied: Some(Rc::from([about])),
        only_itself: false,
        terse: true,
        notation,
        reversed: notation,
    }
}

/// Reads the group that the tokens `range` begin with, if they do; its place among the groups, and whether any of its
/// members are named.
pub(super) fn head(
    lists: Lists<'_, '_>,
    range: Range<usize>,
    text: &str,
    claims: &mut Claims,
) -> Option<(usize, bool)> {
    let tokens = lists.tokens;
    let mut at = lists.skip_looks(range.start, range.end);
    let begin = at;
    let mut in_order = false;
    while at < range.end && tokens[at].is_word(FRONT) && at < begin + 3 {
        in_order |= tokens[at].is_word(IN_ORDER);
        at = lists.skip_looks(at + 1, range.end);
    }
    tokens.get(at).filter(|_| at < range.end)?.word().and_then(group_word)?;
    let (named, after) = lists.single(at, range.end)?;
    let [Named { who: Who::Group(key), .. }] = &named[..] else { return None };
    let name = text[tokens[after - 1].at..tokens[after - 1].end].to_owned();
    let place = tokens[begin].at;
    let about = Named { who: Who::Group(key.clone()), at: place };
    let setting = setting(about, Notation::Group);
    let mut at = lists.skip_looks(after, range.end);
    let mut asides = Vec::new();
    let mut marked = at == range.end;
    let mut members: Vec<Named> = Vec::new();
    while at < range.end {
        match tokens[at].kind {
            Kind::Open(close) if close < range.end => {
                let inside = at + 1..close;
                in_order |= tokens[inside.clone()].iter().any(|token| token.is_word(IN_ORDER));
                let list = lists.list(inside.start, inside.end);
                match list.filter(|list| list.end == inside.end) {
                    Some(list) if members.is_empty() => members = list.named().to_vec(),
                    _ => asides.push(inside),
                }
                marked = true;
                at = close + 1;
            }
            Kind::Colon | Kind::Dash { .. } => {
                marked = true;
                at += 1;
            }
            _ if tokens[at].is_look() => at += 1,
            _ => break,
        }
    }
    if !marked {
        return None;
    }
    let rest = at..range.end;
    let arrows = tokens[rest.clone()].iter().any(|token| token.kind == Kind::Arrow);
    if arrows {
        in_order = true;
        let named = tokens[rest.clone()].iter().filter_map(|token| match &token.kind {
            Kind::Id(id) => Some(Named { who: Who::One(id.clone()), at: token.at }),
            _ => None,
        });
        members.extend(named);
        arrow::read(lists, rest.clone(), text, None, claims);
    } else {
        let after = listed(lists, rest.clone(), &mut members, claims);
        prose::read(lists, after..range.end, &setting, claims);
    }
    for aside in asides {
        prose::read(lists, aside, &setting, claims);
    }
    let group = claims.groups.len();
    let some = !members.is_empty();
    claims.groups.push(GroupClaim { key: key.clone(), name, members, in_order, at: place });
    Some((group, some))
}

/// The members that the tokens `range` begin with, and the token behind the last one.
fn listed(lists: Lists<'_, '_>, range: Range<usize>, members: &mut Vec<Named>, claims: &mut Claims) -> usize {
    let tokens = lists.tokens;
    let mut at = range.start;
    let mut done = at;
    while let Some(list) = lists.list(at, range.end) {
        for (member, aside) in &list.asides {
            let setting = setting(list.members[*member].1.clone(), Notation::Group);
            prose::read(lists, aside.clone(), &setting, claims);
        }
        members.extend(list.members.into_iter().map(|(_, named)| named));
        done = list.end;
        // `M1 Scaffolding, M2 Engine`: their names.
        let mut words = Vec::new();
        let mut next = done;
        while next < range.end
            && !matches!(
                tokens[next].kind,
                Kind::Comma | Kind::Plus | Kind::Stop | Kind::Semicolon | Kind::Id(_)
            )
        {
            words.push(next);
            next += 1;
        }
        let joined = next < range.end && matches!(tokens[next].kind, Kind::Comma | Kind::Plus);
        if !joined || said(tokens, &words).speaks() {
            break;
        }
        at = lists.skip_looks(next + 1, range.end);
    }
    done
}

/// Adds the milestones that a list item beneath an open group begins with. Whether it begins with any.
pub(super) fn item(lists: Lists<'_, '_>, range: Range<usize>, group: usize, claims: &mut Claims) -> bool {
    let start = lists.skip_looks(range.start, range.end);
    let Some(list) = lists.list(start, range.end) else { return false };
    if list.members.iter().any(|(_, named)| !matches!(named.who, Who::One(_) | Who::Range(..))) {
        return false;
    }
    let words: Vec<usize> = (list.end..range.end).take(6).collect();
    let direct = list.end < range.end && matches!(lists.tokens[list.end].kind, Kind::Word(_));
    if direct && said(lists.tokens, &words).speaks() {
        // A sentence about them and no member: `M3 starts after M1`.
        return false;
    }
    let Some((_, last)) = list.members.last() else { return false };
    let about = setting(last.clone(), Notation::Group);
    for (member, aside) in &list.asides {
        let setting = setting(list.members[*member].1.clone(), Notation::Group);
        prose::read(lists, aside.clone(), &setting, claims);
    }
    prose::read(lists, list.end..range.end, &about, claims);
    claims.groups[group].members.extend(list.members.into_iter().map(|(_, named)| named));
    true
}

/// Reads a table of groups; whether it is one.
pub(super) fn table(lists_of: &super::Reader<'_, '_>, rows: &[(usize, &str)], claims: &mut Claims) -> bool {
    let Some((header, rows)) = rows.split_first() else { return false };
    let text = lists_of.text;
    let header: Vec<String> = cells(header.0, header.1).into_iter().map(|cell| bare(&text[cell])).collect();
    let kind =
        |name: &String| name.split(' ').find_map(|word| group_word(word.strip_suffix('s').unwrap_or(word)));
    let Some((group, kind)) = header.iter().enumerate().find_map(|(n, name)| Some((n, kind(name)?))) else {
        return false;
    };
    let members = |name: &String| {
        ["milestone", "member", "task", "work", "item"].iter().any(|word| name.starts_with(word))
    };
    let Some(members) = header.iter().position(members).filter(|&at| at != group) else { return false };
    for &(start, row) in rows {
        let row = cells(start, row);
        let (Some(name), Some(listed)) = (row.get(group), row.get(members)) else { continue };
        let found = tokens(text, listed.clone(), lists_of.roster);
        let lists = Lists { tokens: &found, roster: lists_of.roster };
        let mut named: Vec<Named> = Vec::new();
        let mut at = 0;
        while at < found.len() {
            match lists.list(at, found.len()) {
                Some(list) => {
                    named.extend(list.members.iter().map(|(_, named)| named.clone()));
                    at = list.end.max(at + 1);
                }
                None => at += 1,
            }
        }
        if named.is_empty() {
            continue;
        }
        let arrows = found.iter().any(|token| token.kind == Kind::Arrow);
        if arrows {
            arrow::read(lists, 0..found.len(), text, None, claims);
        }
        let plain = bare(&text[name.clone()]);
        let first = plain.split([' ', '(', ':']).find(|word| !word.is_empty() && group_word(word).is_none());
        let first = first.unwrap_or_default().to_owned();
        let key = format!("{kind} {first}");
        let place = name.start + text[name.clone()].len() - text[name.clone()].trim_start().len();
        let setting = setting(Named { who: Who::Group(key.clone()), at: place }, Notation::GroupTable);
        let mut in_order = arrows;
        for (_, cell) in row.iter().enumerate().filter(|(n, _)| *n != members) {
            let found = tokens(text, cell.clone(), lists_of.roster);
            in_order |= found.iter().any(|token| token.is_word(IN_ORDER));
            let lists = Lists { tokens: &found, roster: lists_of.roster };
            prose::read(lists, 0..found.len(), &setting, claims);
        }
        claims.groups.push(GroupClaim {
            key,
            name: first.to_uppercase(),
            members: named,
            in_order,
            at: place,
        });
    }
    true
}

/// A cell in lower case, without the marks of emphasis.
fn bare(cell: &str) -> String {
    cell.replace(['*', '`', '_'], "").trim().to_lowercase()
}
