//! A new planning document, from a few lines of YAML.

use std::fmt;

use orch_core::{Diagnostic, Time};
use orch_state_md::planning::{NewMilestone, NewPlan, compose, read};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::moment::moment;
use crate::yaml::without_place;

/// The YAML that a new document is made from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    title: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    objectives: Vec<String>,
    #[serde(default)]
    success_factors: Vec<String>,
    milestones: Vec<Wanted>,
}

/// A milestone in it: all of it, or its name alone.
enum Wanted {
    Name(String),
    Milestone(Box<WantedMilestone>),
}

/// By hand, so that a mistake in a milestone is said as what it is.
impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Wanted;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a milestone, or a milestone with `name`, `tasks`, `depends_on`")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Wanted, E> {
                Ok(Wanted::Name(name.to_owned()))
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Wanted, M::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(map)).map(Wanted::Milestone)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedMilestone {
    id: Option<String>,
    name: String,
    model: Option<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    tasks: Vec<String>,
    #[serde(default)]
    depends_on: Vec<String>,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    gates: Vec<String>,
}

/// Writes a planning document in the shape of the template (seed 000) from YAML:
///
/// ```yaml
/// title: Sign-in
/// purpose: Users can sign in
/// milestones:
///   - name: User table
///     model: Sonnet
///     tasks: [Write the migration, Test the migration]
///     paths: [db/migrations/]
///   - name: Login form
///     depends_on: [User table]
///     tasks: [Write the form]
/// ```
///
/// # Errors
/// Everything that is wrong with it: of the YAML itself, and of the document that it would make.
///
/// ```
/// use orch_systems::new_document;
/// let document = new_document("title: Sign-in\nmilestones:\n- User table\n- {name: Form, depends_on: [User table]}\n", None);
/// assert!(document.unwrap().contains("## Milestone Progress Tracker"));
/// let wrong = new_document("title: Sign-in\nmilestnes: []\n", None).unwrap_err();
/// assert!(wrong[0].message.contains("milestnes"));
/// ```
pub fn new_document(yaml: &str, now: Option<Time>) -> Result<String, Vec<Diagnostic>> {
    let request: Request = serde_yaml::from_str(yaml).map_err(|error| {
        let at = error.location().map(|at| orch_core::Position::new(at.line() as u32, at.column() as u32));
        let message = error.to_string();
        vec![
            Diagnostic::error("plan.request", without_place(&message))
                .hint("a new plan has a title and milestones")
                .at(at),
        ]
    })?;
    let milestone = |wanted: Wanted| match wanted {
        Wanted::Name(name) => NewMilestone { name, ..NewMilestone::default() },
        Wanted::Milestone(wanted) => {
            let WantedMilestone { id, name, model, description, tasks, depends_on, paths, gates } = *wanted;
            NewMilestone { id, name, model, description, tasks, depends_on, paths, gates }
        }
    };
    let plan = NewPlan {
        title: request.title,
        purpose: request.purpose,
        objectives: request.objectives,
        success_factors: request.success_factors,
        milestones: request.milestones.into_iter().map(milestone).collect(),
    };
    let problems = plan.problems();
    if !problems.is_empty() {
        return Err(problems);
    }
    let document = compose(&plan, &moment(now.unwrap_or_default()));
    // What it says is what orch will read: a name that means no milestone is found here.
    let reading = read(document.as_bytes());
    let mut findings: Vec<Diagnostic> = reading.findings.into_iter().filter(Diagnostic::is_error).collect();
    if findings.is_empty()
        && let Err(problems) = orch_core::Plan::build(super::load::draft(&reading.plan))
    {
        findings = problems.iter().map(Diagnostic::from).collect();
    }
    // The places are those of a document that nobody has seen.
    let unplaced = findings.into_iter().map(|finding| Diagnostic { at: None, ..finding });
    let findings: Vec<Diagnostic> = unplaced.collect();
    if findings.is_empty() { Ok(document) } else { Err(findings) }
}
