//! What a document both says and denies.

use hashbrown::HashMap;
use orch_core::Diagnostic;

use crate::text::Findings;

use super::claim::Claims;
use super::places::Places;
use super::settle::{Edge, On, Settling};

/// Groups that one milestone may be in: what is beyond is not compared.
const MOST_GROUPS: usize = 8;

impl Settling<'_, '_> {
    /// What the document both says and denies.
    pub(super) fn contradictions(
        &self,
        claims: &Claims,
        edges: &[Edge],
        places: &Places,
        findings: &mut Findings,
    ) {
        let ids = |place: usize| self.document.milestones[place].id;
        let mut none: HashMap<usize, usize> = HashMap::new();
        for &(place, at) in &claims.none {
            none.entry(place).or_insert(at);
        }
        let mut sets: HashMap<usize, Vec<(usize, usize)>> = HashMap::new();
        let together = claims.apart.iter().map(|set| (set.to_vec(), set[0].at));
        let groups = claims.groups.iter().filter(|group| !group.in_order);
        let together = together.chain(groups.map(|group| (group.members.clone(), group.at)));
        for (number, (set, at)) in together.enumerate() {
            for named in &set {
                let Some(place) = self.place(named, None) else { continue };
                let of = sets.entry(place).or_default();
                if of.len() < MOST_GROUPS {
                    of.push((number, at));
                }
            }
        }
        let warning = |message: String, hint: &'static str, at: usize| {
            Diagnostic::warning("planning.needs.contradiction", message).hint(hint).at(places.of(at))
        };
        const STAYS: &str = "it is waited for; mend the line that is wrong";
        for edge in edges {
            let On::Known(on) = edge.on else { continue };
            let (name, needed) = (ids(edge.to), ids(on));
            let says = format!("{name} depends on {needed} here ({})", edge.notation.name());
            if let Some(at) = none.remove(&edge.to) {
                let message = format!("{says}, but needs nothing as line {} says", places.of(at).line);
                findings.push(warning(message, STAYS, edge.at));
                continue;
            }
            if let Some(&at) = self.denied.get(&(edge.to, on)) {
                let message = format!("{says}, but not as line {} says", places.of(at).line);
                findings.push(warning(message, STAYS, edge.at));
                continue;
            }
            let (Some(a), Some(b)) = (sets.get(&edge.to), sets.get(&on)) else { continue };
            if let Some((_, at)) = a.iter().find(|(set, _)| b.iter().any(|(other, _)| other == set)) {
                let line = places.of(*at).line;
                // What one line says of both, such as `M2 and M3 in parallel after M1`, was read as a whole.
                let message = format!("{says}, but both may run side by side as line {line} says");
                findings.push(warning(message, STAYS, edge.at));
            }
        }
    }
}
