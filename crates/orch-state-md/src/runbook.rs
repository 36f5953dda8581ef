//! Shell blocks of a Markdown file, in order.

use orch_core::Position;

use crate::text::{Fence, Lines, Part, indent};

/// A fenced block of shell code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The first word after the fence, in lower case: `sh`, `bash` or `shell`.
    pub language: String,
    /// The lines between the fences, without the fence's own indentation; each ends with `\n`.
    pub code: String,
    /// Whether the block has an end. One that has none swallows all that follows it in the file, or in the list item
    /// it stands in; running it would run prose.
    pub closed: bool,
    /// Where the opening fence's line begins.
    pub at: Position,
}

/// The blocks marked `sh`, `bash` or `shell` (in any case) in `text`.
///
/// Other languages, `console` and `text` among them, indented code and code in block quotes are left out.
///
/// ```
/// let blocks = orch_state_md::runbook::blocks("1. Build it:\n   ```sh\n   make\n   ```\n");
/// assert_eq!(blocks[0].code, "make\n");
/// assert_eq!(blocks[0].at.line, 2);
/// ```
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(Block, Fence<'_>)> = None;
    for line in Lines::new(text.strip_prefix('\u{FEFF}').unwrap_or(text)) {
        match line.part {
            Part::Code => {
                if let Some((block, fence)) = &mut open {
                    push_dedented(&mut block.code, line.text, fence.indent);
                }
                continue;
            }
            Part::Close => blocks.extend(open.take().map(|(block, _)| Block { closed: true, ..block })),
            // The list item that the block stood in has ended.
            _ => blocks.extend(open.take().map(|(block, _)| block)),
        }
        if let Part::Open(fence) = line.part {
            let language = fence.info.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
            if matches!(&*language, "sh" | "bash" | "shell") {
                let block = Block { language, code: String::new(), closed: false, at: line.span().at };
                open = Some((block, fence));
            }
        }
    }
    blocks.extend(open.map(|(block, _)| block));
    blocks
}

/// Adds `line` without up to `columns` columns of white space in front; a tab that is cut leaves spaces.
fn push_dedented(code: &mut String, line: &str, columns: usize) {
    let (width, bytes) = indent(line);
    if width <= columns {
        code.push_str(&line[bytes..]);
    } else {
        let mut column = 0;
        let mut rest = line;
        while column < columns {
            column += if rest.starts_with('\t') { 4 - column % 4 } else { 1 };
            rest = &rest[1..];
        }
        code.extend(std::iter::repeat_n(' ', column - columns));
        code.push_str(rest);
    }
    code.push('\n');
}
