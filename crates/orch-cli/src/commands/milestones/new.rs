//! `orch new plan`: write a planning document.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use orch_core::Time;
use orch_systems::{Finding, OpenError, new_document};

use crate::args::New;
use crate::commands::ask::{ask, can_ask};
use crate::failure::{Failure, code};
use crate::sanitise::Sanitised;

/// The most that is read of a request.
const LARGEST: u64 = 4 << 20;

pub(crate) fn new(what: &New) -> Result<u8, Failure> {
    let New::Plan { from, output } = what;
    let (path, yaml) = match from {
        Some(path) if path.as_os_str() == "-" => (path.clone(), read_all(io::stdin().lock())?),
        Some(path) => {
            let failed = |source| OpenError::Read { path: path.clone(), source };
            let file = fs::File::open(path).map_err(failed)?;
            (path.clone(), read_all(file).map_err(failed)?)
        }
        None if can_ask() => (PathBuf::from("-"), questions()?),
        None => {
            return Err(Failure::Open(OpenError::Request {
                code: "plan.no_request",
                message: "there is nobody to ask what the plan is to be".into(),
                hint: "name a YAML file with `title` and `milestones`, or `-` for standard input".into(),
            }));
        }
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = Time::from_millis(u64::try_from(now.as_millis()).unwrap_or_default());
    let document = new_document(&yaml, Some(now)).map_err(|findings| {
        let findings = findings.into_iter().map(|diagnostic| Finding { path: path.clone(), diagnostic });
        OpenError::Invalid { path: path.clone(), findings: findings.collect() }
    })?;
    let mut out = io::stdout().lock();
    let output = match output {
        Some(output) if output.as_os_str() == "-" => {
            out.write_all(document.as_bytes())?;
            return Ok(code::SUCCESS);
        }
        Some(output) => output.clone(),
        None => PathBuf::from(file_name(&document)),
    };
    write_new(&output, document.as_bytes())?;
    writeln!(out, "{}", Sanitised::line(&output.to_string_lossy()))?;
    let shown = output.to_string_lossy();
    writeln!(
        io::stderr(),
        "`orch check {0}` says what was understood; `orch dispatch` begins",
        Sanitised::line(&shown)
    )?;
    Ok(code::SUCCESS)
}

fn read_all(from: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Never in the place of something that is there.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), OpenError> {
    let made = OpenOptions::new().write(true).create_new(true).open(path);
    let written = made.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => OpenError::Request {
            code: "plan.exists",
            message: format!("{} is there already", path.display()),
            hint: "choose another name with `--output FILE`".into(),
        },
        _ => OpenError::System { what: "write the planning document", source },
    })
}

/// `Sign-in-Planning.md` for a document whose heading is `Sign-in`.
fn file_name(document: &str) -> String {
    let title = document.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default();
    let mut name = String::new();
    for c in title.chars().take(60) {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => name.push(c),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let name = name.trim_end_matches('-');
    let name = name.strip_suffix("-Planning").unwrap_or(name);
    if name.is_empty() { "New-Planning.md".into() } else { format!("{name}-Planning.md") }
}

/// A request put together from answers, as YAML. Answers are put into quotes: they are words, not YAML.
fn questions() -> io::Result<String> {
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let mut yaml = format!("title: {}\n", quoted(&ask("What is the plan called?")?));
    yaml.push_str(&format!("purpose: {}\n", quoted(&ask("What is it for, in a sentence?")?)));
    yaml.push_str("milestones:\n");
    for number in 1.. {
        let name = ask(&format!("Milestone {number} (empty when there are no more):"))?;
        if name.is_empty() {
            break;
        }
        yaml.push_str(&format!("- name: {}\n", quoted(&name)));
        let model = ask("  Model (Haiku, Sonnet, Opus; empty for any):")?;
        if !model.is_empty() {
            yaml.push_str(&format!("  model: {}\n", quoted(&model)));
        }
        let needs = ask("  Depends on (ids or names, with commas; empty for nothing):")?;
        let needs: Vec<String> =
            needs.split(',').map(str::trim).filter(|need| !need.is_empty()).map(quoted).collect();
        yaml.push_str(&format!("  depends_on: [{}]\n  tasks:\n", needs.join(", ")));
        for task in 1.. {
            let text = ask(&format!("  Task {task} (empty when there are no more):"))?;
            if text.is_empty() {
                if task == 1 {
                    yaml.push_str("  - \"\"\n");
                }
                break;
            }
            yaml.push_str(&format!("  - {}\n", quoted(&text)));
        }
    }
    Ok(yaml)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_new_documents() {
        for (heading, name) in [
            ("# Sign-in\n", "Sign-in-Planning.md"),
            ("# ../../etc: passwd!\n", "etc-passwd-Planning.md"),
            ("# Export Planning\n", "Export-Planning.md"),
            ("# 計画\n", "New-Planning.md"),
            ("", "New-Planning.md"),
        ] {
            assert_eq!(file_name(heading), name, "{heading:?}");
        }
    }
}
