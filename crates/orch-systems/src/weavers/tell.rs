//! What a weaver is told.

use orch_prompt::{
    FromFile, OpenedBy, Prompts, Sibling, Skill, Source, WEAVER, WEAVER_BASE, WEAVER_VERIFIER, Weaver,
    commit_message,
};

use super::WeaverPlan;
use super::checks::Checked;
use super::claim::Rules;
use super::ground::{second_status_file, worktree_path};
use super::skills::SkillText;
use super::status_file::StatusFiles;
use crate::config::WorktreesTable;
use crate::system::{Coming, TellError, Telling, Told, is_shell};

/// The file of a spec's own words, or the text that comes with orch.
struct Base {
    path: Option<String>,
    text: String,
}

/// What the weaver of a spec is told.
pub(super) fn tell(
    plan: &WeaverPlan,
    prompts: &Prompts,
    rules: &Rules,
    worktrees: &WorktreesTable,
    statuses: &StatusFiles,
    telling: &Telling<'_>,
) -> Result<Told, TellError> {
    let Coming { task, attempt, .. } = telling.coming;
    if is_shell(telling.profile) {
        return Err(TellError::NeedsAgent { path: plan.spec(task).path.display().to_string() });
    }
    let (planned, id) = (plan.spec(task), plan.plan.id(task));
    let base = skill(plan.skills.base("weaver-base"), prompts, WEAVER_BASE)?;
    let verifier = skill(plan.skills.base("verifier"), prompts, WEAVER_VERIFIER)?;
    let texts: Vec<SkillText> = planned.skills.texts();
    let paths: Vec<String> = texts.iter().map(|skill| shown(plan, &skill.path)).collect();
    let skills: Vec<FromFile<'_>> =
        texts.iter().zip(&paths).map(|(skill, path)| FromFile { path, text: &skill.text }).collect();
    let worktree = match telling.ground {
        Some(ground) => ground.folder.clone(),
        None => worktree_path(plan, Some(worktrees), task),
    };
    let files: Vec<Vec<&str>> = telling.others.iter().map(|&other| plan.files(other).collect()).collect();
    let siblings: Vec<Sibling<'_>> = telling
        .others
        .iter()
        .zip(&files)
        .map(|(&other, files)| Sibling { weaver: plan.plan.id(other), branch: plan.branch(other), files })
        .collect();
    let checked = telling.home.and_then(|home| Checked::latest(plan, home, task, attempt.saturating_sub(1)));
    // What was checked before the plan was begun anew is nothing to this attempt.
    let sent_back = checked.as_ref().filter(|checked| !checked.passed && telling.previous.is_some());
    let feedback = sent_back.map(|checked| checked.feedback.as_str());
    let rendered = prompts.render(
        WEAVER,
        &Weaver {
            weaver: id,
            plan: plan.id(),
            base: Skill { path: base.path.as_deref(), text: &base.text },
            spec: FromFile { path: &shown(plan, &planned.path), text: &planned.text },
            spec_name: &planned.file,
            skills: &skills,
            verifier: Skill { path: verifier.path.as_deref(), text: &verifier.text },
            worktree: &worktree.to_string_lossy(),
            branch: plan.branch(task),
            base_branch: &planned.base,
            siblings: &siblings,
            iteration: iteration(telling.coming, checked.as_ref()),
            most_iterations: rules.most_iterations,
            begun_before: telling.previous.is_some(),
            feedback,
            status_file: &statuses.path(id).to_string_lossy(),
            second_status_file: &second_status_file(plan, worktrees, task).to_string_lossy(),
            commit_message: &commit_message(&planned.spec.pr.title, &planned.spec.name.value),
            pull_request: OpenedBy::Orch,
        },
    )?;
    Ok(Told { text: rendered.text, blocks: rendered.blocks, shell: None })
}

/// Which iteration an attempt begins with: work that went back goes on counting where its check failed, anything else
/// begins anew.
pub(super) fn iteration(coming: Coming, checked: Option<&Checked>) -> u32 {
    match checked {
        Some(checked) if coming.reworks > 0 && !checked.passed => checked.iteration + 1,
        _ => 1,
    }
}

fn skill(own: Option<SkillText>, prompts: &Prompts, built_in: &str) -> Result<Base, TellError> {
    if let Some(own) = own {
        return Ok(Base { path: Some(own.path.display().to_string()), text: own.text });
    }
    let rendered = prompts.render(built_in, &())?;
    let path = rendered.blocks.first().and_then(|block| match &block.source {
        Source::File(path) => Some(path.display().to_string()),
        Source::BuiltIn | Source::Value => None,
    });
    Ok(Base { path, text: rendered.text })
}

/// A path as a reader of the repository finds it.
fn shown(plan: &WeaverPlan, path: &std::path::Path) -> String {
    path.strip_prefix(&plan.root).unwrap_or(path).display().to_string()
}
