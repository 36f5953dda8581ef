//! From an index to a plan.

use orch_core::{PlanDraft, TaskDraft};

use super::names::plain_name;
use super::{Index, Located, Prompt};

impl Index {
    /// The index as a plan to be checked: one task a prompt, in list order.
    ///
    /// A task answers to its id, its short id, its file name and its path, with and without `.md`. The identity is
    /// the PRD path and the requirements inventory: recorded progress that names others belongs to another plan.
    pub fn draft(&self) -> PlanDraft {
        let value =
            |field: &Option<Located<String>>| field.as_ref().map_or(String::new(), |f| f.value.clone());
        PlanDraft {
            objective: self.objective.clone(),
            tasks: self.prompts.iter().map(task).collect(),
            identity: vec![
                ("PRD Path".to_owned(), value(&self.prd_path)),
                ("Requirements Inventory".to_owned(), value(&self.requirements_inventory)),
            ],
        }
    }
}

fn task(prompt: &Prompt) -> TaskDraft {
    let mut aliases: Vec<String> = Vec::with_capacity(2);
    let mut answer_to = |name: &str| {
        if name != prompt.id && !aliases.iter().any(|known| known == name) {
            aliases.push(name.to_owned());
        }
    };
    let file = prompt.path.rsplit(['/', '\\']).next().unwrap_or(&prompt.path);
    if let Some(short) = &prompt.short_id {
        answer_to(short);
    }
    answer_to(file);
    // As a rule the path is the id and `.md`, and has no other spelling.
    if file.len() < prompt.path.len() || file.strip_suffix(".md") != Some(&prompt.id) {
        answer_to(&format!("{}.md", prompt.id));
        answer_to(&prompt.path);
        answer_to(&plain_name(&prompt.path));
    }
    TaskDraft {
        aliases,
        title: title(prompt),
        depends_on: prompt.depends_on.clone(),
        at: Some(prompt.at),
        ..TaskDraft::new(&prompt.id)
    }
}

/// The objective, or the words of the id.
fn title(prompt: &Prompt) -> String {
    if !prompt.objective.is_empty() {
        return prompt.objective.clone();
    }
    let short = prompt.short_id.as_deref().unwrap_or_default();
    let words = prompt.id.strip_prefix(short).unwrap_or(&prompt.id);
    let words: Vec<&str> = words.split(['-', '_']).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { prompt.id.clone() } else { words.join(" ") }
}
