//! From an index to a plan.

use orch_core::{PlanDraft, Position, TaskDraft};

use super::names::plain_name;
use super::{Index, Located, Prompt};

/// What is left of a prompt when its names have gone into a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The prompt file, see [`Prompt::path`].
    pub path: String,
    /// The requirements it names itself.
    pub reqs: Vec<String>,
    /// Where its path is written.
    pub at: Position,
}

impl Index {
    /// The index as a plan to be checked: one task a prompt, in list order.
    ///
    /// A task answers to its id, its short id, its file name and its path, with and without `.md`. The identity is
    /// the PRD path and the requirements inventory: recorded progress that names others belongs to another plan.
    pub fn draft(&self) -> PlanDraft {
        self.clone().take_draft().0
    }

    /// Like [`draft`](Self::draft), but takes the prompts out of the index, and returns what is left of each: names that
    /// are moved need no memory twice, which is 30 MB for 100,000 prompts.
    pub fn take_draft(&mut self) -> (PlanDraft, Vec<Listed>) {
        let value =
            |field: &Option<Located<String>>| field.as_ref().map_or(String::new(), |f| f.value.clone());
        let prompts = std::mem::take(&mut self.prompts);
        let mut listed = Vec::with_capacity(prompts.len());
        let task = |prompt| {
            let (task, rest) = task(prompt);
            listed.push(rest);
            task
        };
        let draft = PlanDraft {
            objective: self.objective.clone(),
            // A draft is no larger than a prompt, so that they are put where those were: half the memory, and the system
            // has to clear what it gives.
            tasks: prompts.into_iter().map(task).collect(),
            identity: vec![
                ("PRD Path".to_owned(), value(&self.prd_path)),
                ("Requirements Inventory".to_owned(), value(&self.requirements_inventory)),
            ],
        };
        (draft, listed)
    }
}

fn task(prompt: Prompt) -> (TaskDraft, Listed) {
    let Prompt { path, id, short_id, objective, depends_on, reqs, at, .. } = prompt;
    let title = if objective.is_empty() { title(&id, short_id.as_deref()) } else { objective };
    let mut aliases: Vec<String> = Vec::with_capacity(2);
    let mut answer_to = |name: String| {
        if name != id && !aliases.contains(&name) {
            aliases.push(name);
        }
    };
    if let Some(short) = short_id {
        answer_to(short);
    }
    let file = &path[memchr::memrchr2(b'/', b'\\', path.as_bytes()).map_or(0, |slash| slash + 1)..];
    answer_to(file.to_owned());
    // As a rule the path is the id and `.md`, and has no other spelling.
    if file.len() < path.len() || file.strip_suffix(".md") != Some(&id) {
        answer_to(format!("{id}.md"));
        answer_to(path.clone());
        answer_to(plain_name(&path));
    }
    let draft = TaskDraft { id, aliases, title, depends_on, at: Some(at), ..TaskDraft::default() };
    (draft, Listed { path, reqs, at })
}

/// The words of an id, for a prompt without an objective.
fn title(id: &str, short_id: Option<&str>) -> String {
    let words = id.strip_prefix(short_id.unwrap_or_default()).unwrap_or(id);
    let words: Vec<&str> = words.split(['-', '_']).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { id.to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_fits_where_a_prompt_was() {
        assert!(size_of::<TaskDraft>() <= size_of::<Prompt>());
        assert!(align_of::<TaskDraft>() == align_of::<Prompt>());
    }
}
