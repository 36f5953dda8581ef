//! What a person has to approve before each milestone may start.

use hashbrown::HashSet;
use orch_core::Position;

use crate::planning::{BoxMark, Gate, GateKind, TaskBox};

use super::Needs;
use super::claim::Claims;
use super::settle::{MOST_DEPENDENCIES, On, Settling};

/// Characters of what has to be approved that are kept.
const LONGEST_GATE: usize = 200;

impl Settling<'_, '_> {
    /// The gates between milestones, with the milestone that each holds up and the byte where it stands.
    pub(super) fn gates(&mut self, claims: &Claims) -> Vec<(usize, Gate, Option<usize>)> {
        let mut gates = Vec::new();
        let mut seen = HashSet::new();
        for gate in &claims.gates {
            let subjects = self.resolve(&gate.subjects, gate.itself);
            let after = gate.after.as_ref().map(std::slice::from_ref);
            let after = after.map(|after| self.resolve(after, gate.itself)).unwrap_or_default();
            let after = after.last().map(|(on, _)| match on {
                On::Known(place) => self.document.milestones[*place].id.to_owned(),
                On::Unknown(id) => id.to_string(),
            });
            for (on, _) in subjects {
                let On::Known(to) = on else { continue };
                if self.document.milestones[to].done
                    || !seen.insert((to, gate.at))
                    || gates.len() >= MOST_DEPENDENCIES
                {
                    continue;
                }
                let kind = GateKind::Between { after: after.clone() };
                let at = Position::new(1, 1);
                gates.push((to, Gate { kind, text: one_line(&gate.text), at }, Some(gate.at)));
            }
        }
        gates
    }

    /// An open gate box holds up whatever depends on the milestone that has it.
    pub(super) fn boxes(&self, needs: &mut Needs) {
        let open: Vec<Vec<&TaskBox>> = self
            .document
            .milestones
            .iter()
            .map(|known| {
                let open = |item: &&TaskBox| item.gate && !item.dropped && item.mark != BoxMark::Done;
                known.boxes.iter().filter(open).collect()
            })
            .collect();
        let mut left = MOST_DEPENDENCIES;
        for (to, dependencies) in needs.depends_on.iter().enumerate() {
            if self.document.milestones[to].done {
                continue;
            }
            for on in dependencies.iter().filter_map(|dependency| self.roster.place(&dependency.on)) {
                for item in &open[on] {
                    if left == 0 {
                        return;
                    }
                    left -= 1;
                    let kind = GateKind::Box { of: self.document.milestones[on].id.to_owned() };
                    needs.gates[to].push(Gate { kind, text: gate_text(&item.text), at: item.at });
                }
            }
        }
    }
}

/// What a gate box asks for, without its label.
fn gate_text(text: &str) -> String {
    let plain = text.trim_start_matches(['*', '_', ' ']);
    let label = plain.get(..4).filter(|label| label.eq_ignore_ascii_case("gate"));
    let rest = match label {
        Some(label) => plain[label.len()..].trim_start_matches(['*', '_', ' ', ':', '—', '–', '-']),
        None => plain,
    };
    one_line(if rest.is_empty() { plain } else { rest })
}

/// `text` as one short line without marks that only say how it looks.
fn one_line(text: &str) -> String {
    let shown: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_GATE * 4).collect();
    let words: Vec<&str> = shown.split_whitespace().collect();
    words.join(" ").trim_matches(['*', '_', ' ', '`']).chars().take(LONGEST_GATE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_lose_their_label() {
        for (text, expected) in [
            ("**Gate:** the owner looks at it", "the owner looks at it"),
            ("Gate — sign-off", "sign-off"),
            ("Gate:", "Gate:"),
            ("look\u{1b}[2J at\nit", "look [2J at it"),
        ] {
            assert_eq!(gate_text(text), expected, "{text:?}");
        }
        assert_eq!(one_line(&"x".repeat(10_000)).len(), LONGEST_GATE);
    }
}
